//! The deployment circuit breaker as it is configured: what is refused, what is kept, and how many failures it bears.

use api_ecs::{DeploymentCircuitBreaker, ThresholdConfiguration};
use roadstead_kernel::Result;

use crate::error::invalid;

const COUNT: &str = "COUNT";
const BOUNDED_PERCENT: &str = "BOUNDED_PERCENT";
const UNBOUNDED_PERCENT: &str = "UNBOUNDED_PERCENT";

/// The breaker after a change; a member that is left out stays as it was.
///
/// Errors: `InvalidParameterException` for a threshold that cannot be.
// AWS: recorded; off, and half of the desired tasks, unless something else was said. One that is off does not roll back.
pub fn merge(
    before: Option<&DeploymentCircuitBreaker>,
    given: Option<&DeploymentCircuitBreaker>,
) -> Result<DeploymentCircuitBreaker> {
    let threshold = match given.and_then(|given| given.threshold_configuration.as_ref()) {
        Some(given) => {
            check(given)?;
            Some(given.clone())
        }
        None => before.and_then(|before| before.threshold_configuration.clone()),
    };
    let leading = given.or(before);
    let enable = leading.is_some_and(|breaker| breaker.enable);
    let resets = |breaker: &DeploymentCircuitBreaker| breaker.reset_on_healthy_task;
    Ok(DeploymentCircuitBreaker {
        enable,
        rollback: enable && leading.is_some_and(|breaker| breaker.rollback),
        reset_on_healthy_task: given.and_then(resets).or(before.and_then(resets)).or(Some(true)),
        threshold_configuration: Some(threshold.unwrap_or_else(half)),
    })
}

fn half() -> ThresholdConfiguration {
    ThresholdConfiguration {
        r#type: BOUNDED_PERCENT.to_owned(),
        value: 50,
    }
}

// AWS: the texts are recorded; that a percentage without bounds may go beyond 100 is not.
fn check(given: &ThresholdConfiguration) -> Result<()> {
    let most = match given.r#type.as_str() {
        BOUNDED_PERCENT => 100,
        COUNT | UNBOUNDED_PERCENT => i32::MAX,
        _ => return Err(invalid("Invalid deployment circuit breaker threshold type.")),
    };
    if (1..=most).contains(&given.value) {
        return Ok(());
    }
    Err(invalid("Invalid deployment circuit breaker threshold value."))
}

/// The failures at which the breaker gives up, for the tasks that are desired now; never none.
// AWS: documented; 1 → 3, 25 → 13, 400 → 200, 800 → 200, without bounds 400.
pub fn threshold(breaker: Option<&DeploymentCircuitBreaker>, desired: u32) -> u32 {
    let configured = breaker.and_then(|breaker| breaker.threshold_configuration.clone());
    let configured = configured.unwrap_or_else(half);
    let value = u32::try_from(configured.value).unwrap_or(0);
    let share = u64::from(desired).saturating_mul(u64::from(value)).div_ceil(100);
    let share = u32::try_from(share).unwrap_or(u32::MAX);
    match configured.r#type.as_str() {
        COUNT => value.max(1),
        UNBOUNDED_PERCENT => share.max(1),
        _ => share.clamp(3, 200),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(kind: &str, value: i32) -> DeploymentCircuitBreaker {
        DeploymentCircuitBreaker {
            enable: true,
            rollback: true,
            reset_on_healthy_task: None,
            threshold_configuration: Some(ThresholdConfiguration {
                r#type: kind.to_owned(),
                value,
            }),
        }
    }

    #[test]
    fn the_threshold_follows_type_value_and_desired_count() {
        for (desired, expected) in [(0, 3), (1, 3), (6, 3), (7, 4), (25, 13), (400, 200), (800, 200)] {
            assert_eq!(threshold(None, desired), expected, "{desired}");
        }
        for (kind, value, desired, expected) in [
            (BOUNDED_PERCENT, 100, 5, 5),
            (BOUNDED_PERCENT, 1, 800, 8),
            (BOUNDED_PERCENT, 100, 1000, 200),
            (UNBOUNDED_PERCENT, 50, 800, 400),
            (UNBOUNDED_PERCENT, 50, 1, 1),
            (UNBOUNDED_PERCENT, 50, 0, 1),
            (COUNT, 1, 800, 1),
            (COUNT, 7, 0, 7),
        ] {
            assert_eq!(
                threshold(Some(&with(kind, value)), desired),
                expected,
                "{kind} {value} {desired}"
            );
        }
    }

    #[test]
    fn what_is_left_out_stays_and_what_cannot_be_is_refused() {
        let first = merge(None, Some(&with(COUNT, 5))).unwrap();
        assert!(first.enable && first.rollback && first.reset_on_healthy_task == Some(true));
        let off = DeploymentCircuitBreaker {
            rollback: true,
            reset_on_healthy_task: Some(false),
            ..DeploymentCircuitBreaker::default()
        };
        let second = merge(Some(&first), Some(&off)).unwrap();
        assert!(!second.enable && !second.rollback && second.reset_on_healthy_task == Some(false));
        assert!(second.threshold_configuration == first.threshold_configuration);
        assert!(merge(Some(&second), None).unwrap() == second);
        for (kind, value) in [
            (COUNT, 0),
            (BOUNDED_PERCENT, 101),
            (UNBOUNDED_PERCENT, -1),
            ("BOGUS", 1),
        ] {
            assert!(merge(Some(&first), Some(&with(kind, value))).is_err(), "{kind} {value}");
        }
    }
}
