//! Says what this host allows.

use super::filter;
use super::firewall::{self, Forwarding};
use crate::net::{Missing, NetProbe};

const CAP_NET_ADMIN: u32 = 12;
const CAP_SYS_ADMIN: u32 = 21;

fn has(capabilities: u64, number: u32) -> bool {
    capabilities >> number & 1 == 1
}

fn effective() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

pub(super) async fn probe() -> NetProbe {
    let mut missing = Vec::new();
    let capabilities = effective();
    for (number, name, why) in [
        (CAP_NET_ADMIN, "CAP_NET_ADMIN", "make network interfaces"),
        (CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "enter network namespaces"),
    ] {
        if !has(capabilities, number) {
            missing.push(Missing {
                what: format!("the capability {name}, to {why}"),
                consequence:
                    "tasks get no network interface of their own, and no metadata or credentials at 169.254.170.2"
                        .to_owned(),
                advice: "run as root".to_owned(),
            });
        }
    }
    let able = missing.is_empty();
    if able && firewall::look() == Forwarding::ClosedByOthers {
        missing.push(Missing {
            what: "a firewall that lets packets pass between interfaces: the policy of its FORWARD chain is DROP"
                .to_owned(),
            consequence: "awsvpc tasks reach neither each other nor the outside".to_owned(),
            advice: "run `iptables -I FORWARD -i rv+ -j ACCEPT` and `iptables -I FORWARD -o rv+ -j ACCEPT`".to_owned(),
        });
    }
    let filters = able && filter::is_able().await;
    if able && !filters {
        missing.push(Missing {
            what: "the program `nft`, or tables in the kernel that it may change".to_owned(),
            consequence:
                "security groups are not enforced: everything passes, in and out of every task; and tasks have no \
                          metadata or credentials at 169.254.170.2"
                    .to_owned(),
            advice: "install it, such as with `apt-get install nftables`".to_owned(),
        });
    }
    NetProbe {
        able,
        metadata: filters,
        missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_bits() {
        assert!(has(1 << 12, CAP_NET_ADMIN));
        assert!(!has(1 << 12, CAP_SYS_ADMIN));
    }
}
