//! Which capacity provider the next task gets, as a strategy of bases and weights says: a pure function of what is there.

use std::collections::BTreeMap;

use api_ecs::CapacityProviderStrategyItem;

/// Chooses the capacity provider of the next task and counts it: the base first, then by weight.
///
/// A provider of weight 0 gets its base and no more. `None` for a strategy without any weight.
pub fn choose_provider(
    strategy: &[CapacityProviderStrategyItem],
    counts: &mut BTreeMap<String, usize>,
) -> Option<String> {
    let number = |value: Option<i32>| value.and_then(|value| usize::try_from(value).ok()).unwrap_or(0);
    let count_of = |item: &CapacityProviderStrategyItem| counts.get(&item.capacity_provider).copied().unwrap_or(0);
    let below_base = strategy.iter().find(|item| count_of(item) < number(item.base));
    let by_weight = || {
        // The provider whose share would be fullest is the last to get another: compares (count - base + 1) / weight.
        let weighted = strategy.iter().filter(|item| number(item.weight) > 0);
        weighted.min_by(|a, b| {
            let load = |item: &CapacityProviderStrategyItem| count_of(item).saturating_sub(number(item.base)) + 1;
            (load(a) * number(b.weight)).cmp(&(load(b) * number(a.weight)))
        })
    };
    let chosen = below_base.or_else(by_weight)?.capacity_provider.clone();
    *counts.entry(chosen.clone()).or_default() += 1;
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(name: &str, base: i32, weight: i32) -> CapacityProviderStrategyItem {
        CapacityProviderStrategyItem {
            capacity_provider: name.to_owned(),
            base: Some(base),
            weight: Some(weight),
        }
    }

    fn shares(strategy: &[CapacityProviderStrategyItem], tasks: usize) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for _ in 0..tasks {
            choose_provider(strategy, &mut counts);
        }
        counts
    }

    #[test]
    fn providers_get_their_base_and_then_their_weight() {
        let strategy = [item("FARGATE", 2, 1), item("FARGATE_SPOT", 0, 3)];
        let wanted = BTreeMap::from([("FARGATE".to_owned(), 4), ("FARGATE_SPOT".to_owned(), 6)]);
        assert_eq!(shares(&strategy, 10), wanted);
    }

    #[test]
    fn a_provider_of_weight_0_gets_its_base_only() {
        let strategy = [item("FARGATE", 1, 0), item("FARGATE_SPOT", 0, 1)];
        let wanted = BTreeMap::from([("FARGATE".to_owned(), 1), ("FARGATE_SPOT".to_owned(), 4)]);
        assert_eq!(shares(&strategy, 5), wanted);
    }

    #[test]
    fn what_left_is_made_up_for_first() {
        let strategy = [item("FARGATE", 2, 1), item("FARGATE_SPOT", 0, 1)];
        let mut counts = BTreeMap::from([("FARGATE".to_owned(), 1), ("FARGATE_SPOT".to_owned(), 3)]);
        assert_eq!(choose_provider(&strategy, &mut counts).as_deref(), Some("FARGATE"));
    }

    proptest! {
        /// Whatever the numbers: the base is filled first, and beyond it no provider is more than one task away from
        /// its share.
        #[test]
        fn tasks_are_shared_as_the_strategy_says(
            base in 0_i32..20,
            based in 0_usize..4,
            weights in proptest::collection::vec(0_i32..50, 1..5),
            tasks in 0_usize..200,
        ) {
            let strategy: Vec<_> = weights
                .iter()
                .enumerate()
                .map(|(at, weight)| item(&format!("p{at}"), if at == based { base } else { 0 }, *weight))
                .collect();
            let total: i32 = weights.iter().sum();
            prop_assume!(total > 0);
            let counts = shares(&strategy, tasks);
            prop_assert_eq!(counts.values().sum::<usize>(), tasks);
            let base = usize::try_from(strategy.iter().filter_map(|item| item.base).sum::<i32>()).unwrap();
            let beyond = tasks.saturating_sub(base);
            for one in &strategy {
                let count = counts.get(&one.capacity_provider).copied().unwrap_or(0);
                let own = usize::try_from(one.base.unwrap()).unwrap().min(tasks);
                prop_assert!(count >= own, "{} has {count} of {own}", one.capacity_provider);
                let (weight, total) = (usize::try_from(one.weight.unwrap()).unwrap(), usize::try_from(total).unwrap());
                let away = ((count - own) * total).abs_diff(beyond * weight);
                prop_assert!(away < strategy.len() * total, "{} is {away}/{total} away", one.capacity_provider);
                prop_assert!(one.weight != Some(0) || count == own);
            }
        }
    }
}
