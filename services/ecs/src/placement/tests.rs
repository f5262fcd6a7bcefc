//! Placement against a naive reference, and against what must always hold.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use proptest::prelude::{Just, ProptestConfig, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use roadstead_core::Timestamp;

use super::*;

const ZONES: [&str; 3] = ["us-east-1a", "us-east-1b", "us-east-1c"];
const RACKS: [&str; 2] = ["r1", "r2"];

fn instance(id: usize, cpu: i64, memory: i64, zone: usize, rack: Option<usize>) -> Instance {
    let mut attributes = BTreeMap::from([
        (ZONE.to_owned(), ZONES[zone % 3].to_owned()),
        ("ecs.os-type".to_owned(), "linux".to_owned()),
    ]);
    if let Some(rack) = rack {
        attributes.insert("rack".to_owned(), RACKS[rack % 2].to_owned());
    }
    Instance {
        id: format!("n{id}"),
        ec2: None,
        active: true,
        connected: true,
        agent_version: None,
        registered_at: Timestamp::from_secs(1),
        attributes,
        total: Left {
            cpu,
            memory,
            gpu: 0,
            taken: Vec::new(),
        },
    }
}

fn usage(group: &str, cpu: u32, memory: u32, ports: &[u16]) -> Arc<Usage> {
    Arc::new(Usage {
        group: group.into(),
        cpu,
        memory,
        gpu: 0,
        ports: ports
            .iter()
            .map(|number| Port {
                udp: false,
                number: *number,
            })
            .collect(),
    })
}

fn demand(usage: Arc<Usage>, strategies: Vec<Strategy>) -> Demand {
    Demand {
        usage,
        kind: Kind::Ec2,
        attributes: Vec::new(),
        rules: Vec::new(),
        strategies,
    }
}

fn spread(name: &str) -> Strategy {
    Strategy::Spread(Field::Attribute(name.to_owned()))
}

fn id(number: u64) -> TaskId {
    u128::from(number).to_be_bytes()
}

/// What the reference knows: instances, and where the tasks are.
struct Naive {
    instances: Vec<Instance>,
    tasks: HashMap<TaskId, (String, Arc<Usage>)>,
}

impl Naive {
    fn on<'a>(&'a self, instance: &'a str) -> impl Iterator<Item = &'a Arc<Usage>> {
        self.tasks
            .values()
            .filter(move |(on, _)| on == instance)
            .map(|(_, usage)| usage)
    }

    fn fits(&self, instance: &Instance, demand: &Demand) -> bool {
        let sum = |of: fn(&Usage) -> u32| self.on(&instance.id).map(|usage| i64::from(of(usage))).sum::<i64>();
        let group = self
            .on(&instance.id)
            .filter(|usage| usage.group == demand.usage.group)
            .count();
        let ports = self.on(&instance.id).flat_map(|usage| usage.ports.iter());
        let ports: Vec<&Port> = ports.collect();
        instance.active
            && instance.connected
            && demand.attributes.iter().all(|(name, value)| {
                let own = instance.attributes.get(name);
                own.is_some() && (value.is_none() || own == value.as_ref())
            })
            && demand.rules.iter().all(|rule| match rule {
                Rule::Distinct => group == 0,
                Rule::MemberOf(query) if query.text().starts_with("attribute:rack ==") => {
                    instance.attributes.get("rack").map(String::as_str) == Some("r1")
                }
                Rule::MemberOf(_) | Rule::Located(_) => self.on(&instance.id).any(|usage| &*usage.group == "a"),
            })
            && sum(|usage| usage.cpu) + i64::from(demand.usage.cpu) <= instance.total.cpu
            && sum(|usage| usage.memory) + i64::from(demand.usage.memory) <= instance.total.memory
            && demand.usage.ports.iter().all(|port| !ports.contains(&port))
    }

    /// How good an instance is: lower is better.
    fn rank(&self, instance: &Instance, demand: &Demand) -> Vec<i64> {
        let mut same: Vec<&Instance> = self.instances.iter().collect();
        let mut rank = Vec::new();
        for strategy in &demand.strategies {
            let left = |of: fn(&Usage) -> u32| self.on(&instance.id).map(|usage| i64::from(of(usage))).sum::<i64>();
            match strategy {
                Strategy::Random => break,
                Strategy::Binpack(Resource::Cpu) => rank.push(instance.total.cpu - left(|usage| usage.cpu)),
                Strategy::Binpack(Resource::Memory) => rank.push(instance.total.memory - left(|usage| usage.memory)),
                Strategy::Spread(field) => {
                    let all = self.instances.iter().collect::<Vec<_>>();
                    let among: Vec<&Instance> = match field {
                        Field::Instance => all.into_iter().filter(|other| other.id == instance.id).collect(),
                        Field::Attribute(name) => {
                            same.retain(|other| other.attributes.get(name) == instance.attributes.get(name));
                            same.clone()
                        }
                    };
                    let tasks = among.iter().flat_map(|other| self.on(&other.id));
                    let count = tasks.filter(|usage| usage.group == demand.usage.group).count();
                    rank.push(i64::try_from(count).unwrap());
                }
            }
        }
        rank
    }
}

#[derive(Clone, Debug)]
enum Act {
    Place(usize),
    Release(usize),
    Run(usize),
    Drain(usize, bool),
    Connect(usize, bool),
    Retag(usize, usize),
    Leave(usize),
}

fn acts() -> impl proptest::strategy::Strategy<Value = Vec<Act>> {
    let one = prop_oneof![
        8 => (0..6_usize).prop_map(Act::Place),
        3 => any::<usize>().prop_map(Act::Release),
        1 => any::<usize>().prop_map(Act::Run),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(at, on)| Act::Drain(at, on)),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(at, on)| Act::Connect(at, on)),
        1 => (any::<usize>(), 0..2_usize).prop_map(|(at, rack)| Act::Retag(at, rack)),
        1 => any::<usize>().prop_map(Act::Leave),
    ];
    proptest::collection::vec(one, 1..120)
}

fn nodes() -> impl proptest::strategy::Strategy<Value = Vec<(i64, i64, usize, Option<usize>)>> {
    let one = (100..600_i64, 100..600_i64, 0..3_usize, proptest::option::of(0..2_usize));
    proptest::collection::vec(one, 1..12)
}

fn strategies() -> impl proptest::strategy::Strategy<Value = Vec<Strategy>> {
    let one = prop_oneof![
        Just(spread(ZONE)),
        Just(spread("rack")),
        Just(Strategy::Spread(Field::Instance)),
        Just(Strategy::Binpack(Resource::Cpu)),
        Just(Strategy::Binpack(Resource::Memory)),
        Just(Strategy::Random),
    ];
    proptest::collection::vec(one, 0..4)
}

fn rules(number: usize) -> Vec<Rule> {
    let query = |text| Rule::MemberOf(Query::parse(text).unwrap());
    match number % 6 {
        3 => vec![Rule::Distinct],
        4 => vec![query("attribute:rack == r1")],
        5 => vec![query("task:group == a")],
        _ => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Every placement is where the reference could place it, and nowhere is better; where none is made, none could be.
    #[test]
    fn placements_are_possible_and_the_best(
        nodes in nodes(),
        acts in acts(),
        strategies in strategies(),
        sizes in proptest::collection::vec((1..150_u32, 1..150_u32, proptest::option::of(80..83_u16)), 6),
    ) {
        let mut snapshot = Snapshot::new(7);
        let mut naive = Naive { instances: Vec::new(), tasks: HashMap::new() };
        for (at, (cpu, memory, zone, rack)) in nodes.into_iter().enumerate() {
            let one = instance(at, cpu, memory, zone, rack);
            snapshot.put(one.clone());
            naive.instances.push(one);
        }
        let demands: Vec<Demand> = sizes.iter().enumerate().map(|(at, (cpu, memory, port))| Demand {
            rules: rules(at),
            ..demand(usage(["a", "b"][at % 2], *cpu, *memory, port.as_slice()), strategies.clone())
        }).collect();
        let mut next = 0;
        let mut order: Vec<TaskId> = Vec::new();
        for act in acts {
            match act {
                Act::Place(which) => {
                    next += 1;
                    let demand = &demands[which];
                    let possible: Vec<&Instance> = naive.instances.iter().filter(|one| naive.fits(one, demand)).collect();
                    let best = possible.iter().map(|one| naive.rank(one, demand)).min();
                    let chosen = snapshot.place(demand, id(next)).map(|one| one.id.clone());
                    prop_assert_eq!(chosen.is_some(), best.is_some());
                    let Some(chosen) = chosen else {
                        let refused = snapshot.refusals(demand);
                        prop_assert_eq!(refused.len(), naive.instances.len());
                        continue;
                    };
                    let found = possible.iter().find(|one| one.id == chosen);
                    prop_assert!(found.is_some(), "{} cannot take it", chosen);
                    prop_assert_eq!(naive.rank(found.unwrap(), demand), best.unwrap());
                    naive.tasks.insert(id(next), (chosen, Arc::clone(&demand.usage)));
                    order.push(id(next));
                }
                Act::Release(which) if !order.is_empty() => {
                    let task = order.swap_remove(which % order.len());
                    prop_assert!(snapshot.release(task));
                    prop_assert!(!snapshot.release(task));
                    naive.tasks.remove(&task);
                }
                Act::Run(which) if !order.is_empty() => snapshot.set_running(order[which % order.len()], true),
                Act::Drain(which, active) if !naive.instances.is_empty() => {
                    let at = which % naive.instances.len();
                    naive.instances[at].active = active;
                    snapshot.put(naive.instances[at].clone());
                }
                Act::Connect(which, connected) if !naive.instances.is_empty() => {
                    let at = which % naive.instances.len();
                    naive.instances[at].connected = connected;
                    snapshot.set_connected(&naive.instances[at].id, connected);
                }
                Act::Retag(which, rack) if !naive.instances.is_empty() => {
                    let at = which % naive.instances.len();
                    naive.instances[at].attributes.insert("rack".to_owned(), RACKS[rack].to_owned());
                    snapshot.put(naive.instances[at].clone());
                }
                Act::Leave(which) if naive.instances.len() > 1 => {
                    let gone = naive.instances.swap_remove(which % naive.instances.len());
                    snapshot.remove(&gone.id);
                    order.retain(|task| naive.tasks[task].0 != gone.id);
                    naive.tasks.retain(|_, (on, _)| *on != gone.id);
                }
                _ => {}
            }
        }
        for one in &naive.instances {
            let used: i64 = naive.on(&one.id).map(|usage| i64::from(usage.cpu)).sum();
            let left = snapshot.left(&one.id).unwrap();
            prop_assert_eq!(left.cpu, one.total.cpu - used);
            prop_assert!(left.cpu >= 0 && left.memory >= 0);
            let (running, pending) = snapshot.counts(&one.id).unwrap();
            prop_assert_eq!((running + pending) as usize, naive.on(&one.id).count());
        }
        prop_assert_eq!(snapshot.placed(), naive.tasks.len());
    }
}

fn cluster(count: usize) -> Snapshot {
    let mut snapshot = Snapshot::new(1);
    for at in 0..count {
        snapshot.put(instance(at, 1000, 1000, at, None));
    }
    snapshot
}

#[test]
fn tasks_are_spread_over_zones_before_instances_are_filled() {
    let mut snapshot = cluster(6);
    let wanted = demand(
        usage("service:web", 100, 100, &[]),
        vec![spread(ZONE), Strategy::Binpack(Resource::Cpu)],
    );
    let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for at in 0..9 {
        let chosen = snapshot.place(&wanted, id(at)).unwrap();
        zones
            .entry(chosen.attributes[ZONE].clone())
            .or_default()
            .push(chosen.id.clone());
    }
    for (zone, on) in zones {
        assert_eq!(on.len(), 3, "{zone}");
        assert!(on.iter().all(|other| *other == on[0]), "{zone}: {on:?}");
    }
}

#[test]
fn refusals_say_what_is_closest_to_missing() {
    let mut snapshot = cluster(1);
    let check = |snapshot: &Snapshot, wanted: &Demand, expected: Refusal| {
        assert_eq!(snapshot.refusals(wanted)[0].1, expected);
    };
    let small = demand(usage("a", 1, 1, &[80]), Vec::new());
    let with = |change: fn(&mut Demand)| {
        let mut changed = small.clone();
        change(&mut changed);
        changed
    };
    check(&snapshot, &demand(usage("a", 2000, 1, &[]), Vec::new()), Refusal::Cpu);
    check(
        &snapshot,
        &demand(usage("a", 1, 2000, &[]), Vec::new()),
        Refusal::Memory,
    );
    check(
        &snapshot,
        &with(|d| d.attributes.push(("ecs.capability.task-eni".to_owned(), None))),
        Refusal::Attribute,
    );
    check(
        &snapshot,
        &with(|d| {
            d.rules.push(Rule::MemberOf(
                Query::parse("attribute:ecs.os-type == windows").unwrap(),
            ));
        }),
        Refusal::MemberOf,
    );
    snapshot.place(&small, id(1)).unwrap();
    check(&snapshot, &small, Refusal::Ports);
    check(&snapshot, &with(|d| d.rules.push(Rule::Distinct)), Refusal::Distinct);
    snapshot.set_connected("n0", false);
    check(&snapshot, &small, Refusal::Agent);
    assert!(snapshot.refusals(&with(|d| d.kind = Kind::External)).is_empty());
}

#[test]
fn a_port_is_free_again_when_its_task_ends() {
    let mut snapshot = cluster(1);
    let wanted = demand(usage("a", 1, 1, &[8080]), Vec::new());
    assert!(snapshot.place(&wanted, id(1)).is_some());
    assert_eq!(snapshot.place_on("n0", &wanted, id(2)), Err(Refusal::Ports));
    snapshot.release(id(1));
    assert_eq!(snapshot.place_on("n0", &wanted, id(2)), Ok(()));
}

#[test]
fn chance_reaches_every_instance() {
    let mut snapshot = cluster(5);
    let wanted = demand(usage("a", 1, 1, &[]), vec![Strategy::Random]);
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for at in 0..500 {
        *seen
            .entry(snapshot.place(&wanted, id(at)).unwrap().id.clone())
            .or_default() += 1;
    }
    assert!(
        seen.len() == 5 && seen.values().all(|count| (60..=140).contains(count)),
        "{seen:?}"
    );
}

/// The ways in which AWS's own tools write strategies and constraints are read.
#[test]
fn strategies_and_constraints_are_read_as_the_api_has_them() {
    use api_ecs::{PlacementConstraint, PlacementConstraintType, PlacementStrategy, PlacementStrategyType};
    let strategy = |kind: PlacementStrategyType, field: Option<&str>| {
        Strategy::read_all(&[PlacementStrategy {
            r#type: Some(kind),
            field: field.map(ToOwned::to_owned),
        }])
    };
    assert_eq!(
        strategy(PlacementStrategyType::Binpack, Some("CPU")),
        Ok(vec![Strategy::Binpack(Resource::Cpu)])
    );
    assert_eq!(
        strategy(PlacementStrategyType::Spread, Some("host")),
        Ok(vec![Strategy::Spread(Field::Instance)])
    );
    assert_eq!(
        strategy(PlacementStrategyType::Spread, Some("attribute:ecs.availability-zone")),
        Ok(Strategy::of_services())
    );
    assert!(strategy(PlacementStrategyType::Binpack, Some("disk")).is_err());
    assert!(strategy(PlacementStrategyType::Spread, None).is_err());
    let rule = |expression: Option<&str>| {
        Rule::read_all(std::iter::once(&PlacementConstraint {
            r#type: Some(PlacementConstraintType::MemberOf),
            expression: expression.map(ToOwned::to_owned),
        }))
    };
    assert!(rule(Some("runningTasksCount == 1")).is_ok());
    assert!(rule(Some("running == 1")).is_err());
    assert!(rule(None).is_err());
}

/// Run by hand in a release build: `cargo xtask bench placement`.
#[test]
#[ignore = "measures time; meant for a release build on a quiet machine"]
fn cost_of_a_hundred_thousand_placements_on_two_thousand_instances() {
    use std::time::Instant;
    const INSTANCES: usize = 2_000;
    const TASKS: u64 = 100_000;
    let cases: [(&str, Vec<Strategy>, Vec<Rule>); 4] = [
        ("spread over zones", Strategy::of_services(), Vec::new()),
        (
            "spread over zones, binpack by memory",
            vec![spread(ZONE), Strategy::Binpack(Resource::Memory)],
            Vec::new(),
        ),
        (
            "spread over instances",
            vec![Strategy::Spread(Field::Instance)],
            Vec::new(),
        ),
        (
            "binpack by cpu, memberOf an expression",
            vec![Strategy::Binpack(Resource::Cpu)],
            vec![Rule::MemberOf(
                Query::parse("attribute:ecs.os-type =~ lin.* and runningTasksCount < 1000").unwrap(),
            )],
        ),
    ];
    let mut is_first = true;
    for (what, strategies, rules) in cases {
        let mut snapshot = Snapshot::new(3);
        for at in 0..INSTANCES {
            snapshot.put(instance(at, 16_384, 65_536, at, Some(at)));
        }
        let empty = resident();
        // A hundred services, as they take turns.
        let demands: Vec<Demand> = (0..100)
            .map(|service| Demand {
                rules: rules.clone(),
                ..demand(
                    usage(&format!("service:s{service}"), 256, 1024, &[]),
                    strategies.clone(),
                )
            })
            .collect();
        let mut laps = Vec::new();
        let begun = Instant::now();
        for lap in 0..TASKS / 1000 {
            let started = Instant::now();
            for at in 0..1000 {
                let task = lap * 1000 + at;
                assert!(
                    snapshot
                        .place(&demands[usize::try_from(lap).unwrap()], id(task))
                        .is_some()
                );
            }
            laps.push(started.elapsed());
        }
        let total = begun.elapsed();
        let per_second = f64::from(u32::try_from(TASKS).unwrap()) / total.as_secs_f64();
        // Medians of ten, so that one interruption of this process says nothing.
        let typical = |some: &[std::time::Duration]| {
            let mut sorted = some.to_vec();
            sorted.sort();
            sorted[sorted.len() / 2]
        };
        let (first, last) = (typical(&laps[..10]), typical(&laps[laps.len() - 10..]));
        let ratio = last.as_secs_f64() / first.as_secs_f64();
        println!("{what}: {per_second:.0} placements/s; a thousand at first {first:?}, at last {last:?} ({ratio:.2})");
        // What a case frees the next one uses, so only the first one tells.
        if is_first {
            println!("  {} bytes a task", resident().saturating_sub(empty) / TASKS);
            is_first = false;
        }
        assert!(per_second >= 10_000.0, "{per_second}");
    }
}

/// Resident memory of this process, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or(0)
        * 4096
}
