//! Resource limits that a host does not grant: lowered to what it does, where the user wants that.

use crate::spec::ContainerSpec;

/// Lowers the limits of a container to what `granted` says of each by its name; says what was lowered.
pub fn lower(spec: &mut ContainerSpec, granted: impl Fn(&str) -> Option<u64>) -> Vec<String> {
    let mut said = Vec::new();
    for limit in &mut spec.ulimits {
        let Some(most) = granted(&limit.name).and_then(|most| i64::try_from(most).ok()) else {
            continue;
        };
        let is_beyond = |value: i64| value < 0 || value > most;
        if is_beyond(limit.hard) {
            said.push(format!("{} from {} to {most}", limit.name, limit.hard));
            limit.hard = most;
        }
        if is_beyond(limit.soft) {
            limit.soft = most;
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Ulimit;

    #[test]
    fn limits_are_lowered_to_what_is_granted_and_no_further() {
        let limit = |name: &str, soft, hard| Ulimit {
            name: name.to_owned(),
            soft,
            hard,
        };
        let mut spec = ContainerSpec {
            ulimits: vec![
                limit("nofile", 1024, 65535),
                limit("core", -1, -1),
                limit("nproc", 10, 20),
                limit("cpu", 9, 9),
            ],
            ..ContainerSpec::default()
        };
        let granted = |name: &str| match name {
            "nofile" => Some(20000),
            "core" => Some(0),
            "nproc" => Some(100),
            _ => None,
        };
        let said = lower(&mut spec, granted);
        assert_eq!(said, ["nofile from 65535 to 20000", "core from -1 to 0"]);
        let expected = [
            limit("nofile", 1024, 20000),
            limit("core", 0, 0),
            limit("nproc", 10, 20),
            limit("cpu", 9, 9),
        ];
        assert_eq!(spec.ulimits, expected);
    }
}
