//! What containers use, told as Docker's engine tells it; rates come from two samples.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use roadstead_containers::{NetworkStats, Stats};
use roadstead_metadata::Form;
use roadstead_network::Carried;
use serde_json::{Map, Value, json};

/// What was told last about each container, by the engine's id.
#[derive(Default)]
pub struct Samples(Mutex<HashMap<String, Stats>>);

impl Samples {
    /// Forgets containers that are gone.
    pub fn forget<'a>(&self, containers: impl Iterator<Item = &'a str>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        containers.for_each(|id| drop(all.remove(id)));
    }

    /// Tells the stats of a container, and keeps them for the next time.
    ///
    /// `carried` is what the interface of its task carried, which the engine does not know of.
    pub fn tell(&self, id: &str, name: &str, mut stats: Stats, carried: Option<Carried>, form: Form) -> Value {
        if let Some(carried) = carried {
            stats.networks.insert("eth0".to_owned(), network_stats(carried));
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = all.get(id);
        let told = told(id, name, &stats, before, form);
        // Two readings at one moment say nothing about a rate.
        if before.is_none_or(|before| before.at < stats.at) {
            all.insert(id.to_owned(), stats);
        }
        told
    }
}

fn told(id: &str, name: &str, stats: &Stats, before: Option<&Stats>, form: Form) -> Value {
    let mut all = json!({
        "read": stats.at.iso8601_millis(),
        "preread": before.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |before| before.at.iso8601_millis()),
        "pids_stats": { "current": stats.pids },
        "blkio_stats": { "io_service_bytes_recursive": [
            { "op": "read", "value": stats.block_read },
            { "op": "write", "value": stats.block_write },
        ] },
        "num_procs": 0,
        "storage_stats": {},
        "cpu_stats": cpu(Some(stats)),
        "precpu_stats": cpu(before),
        "memory_stats": memory(stats),
        "name": format!("/{name}"),
        "id": id,
    });
    let Value::Object(members) = &mut all else { return all };
    if !stats.networks.is_empty() {
        members.insert("networks".to_owned(), networks(stats));
    }
    let rates = before.and_then(|before| rates(before, stats));
    if let Some(rates) = rates.filter(|_| form == Form::V4) {
        members.insert("network_rate_stats".to_owned(), rates);
    }
    all
}

fn cpu(stats: Option<&Stats>) -> Value {
    let Some(stats) = stats else {
        let usage = json!({ "total_usage": 0, "usage_in_kernelmode": 0, "usage_in_usermode": 0 });
        return json!({ "cpu_usage": usage });
    };
    json!({
        "cpu_usage": {
            "total_usage": stats.cpu_total,
            "usage_in_kernelmode": stats.cpu_system,
            "usage_in_usermode": stats.cpu_user,
        },
        "system_cpu_usage": stats.host_cpu_total,
        "online_cpus": stats.online_cpus,
    })
}

fn memory(stats: &Stats) -> Value {
    let mut told = json!({ "usage": stats.memory_usage, "stats": stats.memory_detail, "limit": stats.memory_limit });
    if let (Value::Object(members), Some(most)) = (&mut told, stats.memory_max) {
        members.insert("max_usage".to_owned(), most.into());
    }
    told
}

fn networks(stats: &Stats) -> Value {
    let told = stats.networks.iter().map(|(name, counted)| {
        let told = json!({
            "rx_bytes": counted.rx_bytes,
            "rx_packets": counted.rx_packets,
            "rx_errors": counted.rx_errors,
            "rx_dropped": counted.rx_dropped,
            "tx_bytes": counted.tx_bytes,
            "tx_packets": counted.tx_packets,
            "tx_errors": counted.tx_errors,
            "tx_dropped": counted.tx_dropped,
        });
        (name.clone(), told)
    });
    Value::Object(told.collect::<Map<_, _>>())
}

/// Bytes per second between two samples, over all interfaces.
#[expect(clippy::cast_precision_loss, reason = "a rate is not exact")]
fn rates(before: &Stats, now: &Stats) -> Option<Value> {
    let secs = now.at.since(before.at).as_secs_f64();
    if secs <= 0.0 || now.networks.is_empty() {
        return None;
    }
    let rate = |of: fn(&NetworkStats) -> u64| {
        let sum = |stats: &Stats| stats.networks.values().map(of).fold(0_u64, u64::saturating_add);
        sum(now).saturating_sub(sum(before)) as f64 / secs
    };
    Some(json!({ "rx_bytes_per_sec": rate(|n| n.rx_bytes), "tx_bytes_per_sec": rate(|n| n.tx_bytes) }))
}

fn network_stats(carried: Carried) -> NetworkStats {
    NetworkStats {
        rx_bytes: carried.rx_bytes,
        rx_packets: carried.rx_packets,
        rx_errors: carried.rx_errors,
        rx_dropped: carried.rx_dropped,
        tx_bytes: carried.tx_bytes,
        tx_packets: carried.tx_packets,
        tx_errors: carried.tx_errors,
        tx_dropped: carried.tx_dropped,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use roadstead_core::Timestamp;

    use super::*;

    fn stats(secs: i64) -> Stats {
        Stats {
            at: Timestamp::from_secs(secs),
            cpu_total: 5,
            cpu_user: 3,
            cpu_system: 2,
            host_cpu_total: 100,
            online_cpus: 2,
            memory_usage: 10,
            memory_max: None,
            memory_limit: 20,
            memory_detail: BTreeMap::new(),
            pids: 1,
            block_read: 7,
            block_write: 8,
            networks: BTreeMap::new(),
        }
    }

    fn carried(rx_bytes: u64, tx_bytes: u64) -> Carried {
        Carried {
            rx_bytes,
            tx_bytes,
            ..Carried::default()
        }
    }

    #[test]
    fn rates_need_two_samples_and_version_four() {
        let samples = Samples::default();
        let first = samples.tell("a", "n", stats(100), Some(carried(1000, 0)), Form::V4);
        assert_eq!(first.get("network_rate_stats"), None);
        assert_eq!(first["networks"]["eth0"]["rx_bytes"], 1000);
        assert_eq!(first["name"], "/n");
        let same = samples.tell("a", "n", stats(100), Some(carried(1000, 0)), Form::V4);
        assert_eq!(same.get("network_rate_stats"), None);
        let second = samples.tell("a", "n", stats(110), Some(carried(1500, 100)), Form::V4);
        assert_eq!(
            second["network_rate_stats"],
            json!({ "rx_bytes_per_sec": 50.0, "tx_bytes_per_sec": 10.0 })
        );
        assert_eq!(second["precpu_stats"]["cpu_usage"]["total_usage"], 5);
        let third = samples.tell("a", "n", stats(120), Some(carried(1500, 100)), Form::V3);
        assert_eq!(third.get("network_rate_stats"), None);
        samples.forget(["a"].into_iter());
        let anew = samples.tell("a", "n", stats(130), Some(carried(1, 1)), Form::V4);
        assert_eq!(anew.get("network_rate_stats"), None);
    }
}
