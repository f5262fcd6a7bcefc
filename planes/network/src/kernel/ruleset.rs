//! The rule set that interfaces and groups ask for, and the commands that lead from one rule set to another.
//!
//! Each interface has a chain for what it receives and one for what it sends. Both jump to the chains of its groups and
//! drop what those did not accept. Maps lead from an interface's name to its chains: a map costs the same with one
//! interface and with thousands. Who belongs to a group is a set of addresses. Nothing here touches the kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use crate::group::{Peer, Rule, SecurityGroup, Traffic};

/// What the rules need to know of an attached interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    pub interface: String,
    pub address: Ipv4Addr,
    pub resolvers: Vec<Ipv4Addr>,
    pub groups: Vec<String>,
}

/// Chains with their rules, sets with their elements, maps with their pairs; by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ruleset {
    chains: BTreeMap<String, Vec<String>>,
    sets: BTreeMap<String, BTreeSet<String>>,
    maps: BTreeMap<&'static str, BTreeMap<String, String>>,
}

/// The base chains: where they hook in, and their rules. Others' tables stay in force: a drop there is final too.
const BASE: [(&str, &str, &[&str]); 6] = [
    // What a task sends must bear its own address, and nobody else may send with an address of a task.
    (
        "prerouting",
        "type filter hook prerouting priority -300",
        &[
            "iifname . ip saddr @pairs accept",
            "iifname @interfaces drop",
            "ip saddr @addresses drop",
        ],
    ),
    // Addresses of link scope are the host's own affair: at 169.254.169.254 a cloud gives the host's credentials away.
    // Accepting ends one chain only, so that what is sent passes the sender's groups and then the receiver's.
    (
        "forward-out",
        "type filter hook forward priority -20",
        &[
            "ip daddr 169.254.0.0/16 iifname @interfaces drop",
            "ct state established,related accept",
            "iifname vmap @egress",
        ],
    ),
    (
        "forward-in",
        "type filter hook forward priority -10",
        &["ct state established,related accept", "oifname vmap @ingress"],
    ),
    (
        "output",
        "type filter hook output priority -10",
        &["ct state established,related accept", "oifname vmap @ingress"],
    ),
    // Of the host itself, tasks reach the resolver, whatever their groups say; nothing else.
    (
        "input",
        "type filter hook input priority -10",
        &[
            "iifname != @interfaces accept",
            "ct state established,related accept",
            "ip daddr @resolvers meta l4proto { tcp, udp } th dport 53 accept",
            "drop",
        ],
    ),
    // The host is the way out of every subnet, and lends its own address.
    (
        "postrouting",
        "type nat hook postrouting priority 100",
        &["ip saddr @addresses oifname != \"rv*\" masquerade"],
    ),
];

/// The sets that are always there, and the types of their elements; all others are of addresses.
const SETS: [(&str, &str); 4] = [
    ("addresses", "ipv4_addr"),
    ("interfaces", "ifname"),
    ("pairs", "ifname . ipv4_addr"),
    ("resolvers", "ipv4_addr"),
];
const MAPS: [&str; 2] = ["egress", "ingress"];

impl Ruleset {
    /// What these interfaces, by ENI, need with these groups, by id. A group that is not known lets nothing pass.
    pub(super) fn wanted(members: &BTreeMap<String, Member>, groups: &BTreeMap<String, SecurityGroup>) -> Self {
        let mut wanted = Self::default();
        for (name, _) in SETS {
            wanted.sets.entry(name.to_owned()).or_default();
        }
        for name in MAPS {
            wanted.maps.entry(name).or_default();
        }
        for (eni, member) in members {
            wanted.add(eni, member);
        }
        let used: BTreeSet<&String> = members.values().flat_map(|member| &member.groups).collect();
        for id in used {
            wanted.add_group(id, groups.get(id));
        }
        wanted
    }

    fn add(&mut self, eni: &str, member: &Member) {
        let Member {
            interface,
            address,
            resolvers,
            groups,
        } = member;
        let quoted = format!("\"{interface}\"");
        let mut element = |set: &str, element: String| self.sets.entry(set.to_owned()).or_default().insert(element);
        element("addresses", address.to_string());
        element("interfaces", quoted.clone());
        element("pairs", format!("{quoted} . {address}"));
        for resolver in resolvers {
            element("resolvers", resolver.to_string());
        }
        for group in groups {
            element(group, address.to_string());
        }
        for (map, side) in [("egress", "out"), ("ingress", "in")] {
            let chain = format!("{side}-{eni}");
            let jumps = groups.iter().map(|group| format!("jump {side}-{group}"));
            let rules = jumps.chain(["drop".to_owned()]).collect();
            self.maps
                .entry(map)
                .or_default()
                .insert(quoted.clone(), format!("jump {chain}"));
            self.chains.insert(chain, rules);
        }
    }

    fn add_group(&mut self, id: &str, group: Option<&SecurityGroup>) {
        let sides = [
            ("out", "daddr", group.map(|group| &group.egress)),
            ("in", "saddr", group.map(|group| &group.ingress)),
        ];
        for (side, peer, rules) in sides {
            let rules: Vec<&Rule> = rules.into_iter().flatten().collect();
            for rule in &rules {
                if let Peer::Group(named) = &rule.peer {
                    self.sets.entry(named.clone()).or_default();
                }
            }
            let lines = rules.iter().filter_map(|rule| line(rule, peer)).collect();
            self.chains.insert(format!("{side}-{id}"), lines);
        }
    }

    /// The commands that put this rule set in the place of whatever was there.
    pub(super) fn anew(&self, table: &str) -> String {
        let mut script = format!("add table inet {table}\ndelete table inet {table}\nadd table inet {table}\n");
        for map in MAPS {
            let _ = writeln!(script, "add map inet {table} {map} {{ type ifname : verdict; }}");
        }
        for (name, kind) in SETS {
            let _ = writeln!(script, "add set inet {table} {name} {{ type {kind}; }}");
        }
        for (name, hook, rules) in BASE {
            let _ = writeln!(script, "add chain inet {table} {name} {{ {hook}; policy accept; }}");
            for rule in rules {
                let _ = writeln!(script, "add rule inet {table} {name} {rule}");
            }
        }
        let empty = Self::wanted(&BTreeMap::new(), &BTreeMap::new());
        script + &self.from(&empty, table)
    }

    /// The commands that lead here from another rule set; none when they are the same.
    pub(super) fn from(&self, old: &Self, table: &str) -> String {
        let mut script = String::new();
        let mut say = |line: std::fmt::Arguments<'_>| {
            let _ = writeln!(script, "{line}");
        };
        for name in self.sets.keys().filter(|name| !old.sets.contains_key(*name)) {
            say(format_args!("add set inet {table} {name} {{ type ipv4_addr; }}"));
        }
        for name in self.chains.keys().filter(|name| !old.chains.contains_key(*name)) {
            say(format_args!("add chain inet {table} {name}"));
        }
        // What refers to something goes before it, what is referred to comes before what refers to it.
        for (name, pairs) in &old.maps {
            let kept = self.maps.get(name);
            for (key, verdict) in pairs {
                if kept.and_then(|pairs| pairs.get(key)) != Some(verdict) {
                    say(format_args!(
                        "delete element inet {table} {name} {{ {key} : {verdict} }}"
                    ));
                }
            }
        }
        for (name, rules) in &old.chains {
            if self.chains.get(name) != Some(rules) {
                say(format_args!("flush chain inet {table} {name}"));
            }
        }
        for (name, elements) in &old.sets {
            let kept = self.sets.get(name);
            let gone: Vec<&str> = elements
                .iter()
                .filter(|e| !kept.is_some_and(|kept| kept.contains(*e)))
                .map(String::as_str)
                .collect();
            if !gone.is_empty() {
                say(format_args!(
                    "delete element inet {table} {name} {{ {} }}",
                    gone.join(", ")
                ));
            }
        }
        for (name, rules) in &self.chains {
            if old.chains.get(name) != Some(rules) {
                for rule in rules {
                    say(format_args!("add rule inet {table} {name} {rule}"));
                }
            }
        }
        for (name, elements) in &self.sets {
            let known = old.sets.get(name);
            let new: Vec<&str> = elements
                .iter()
                .filter(|e| !known.is_some_and(|known| known.contains(*e)))
                .map(String::as_str)
                .collect();
            if !new.is_empty() {
                say(format_args!("add element inet {table} {name} {{ {} }}", new.join(", ")));
            }
        }
        for (name, pairs) in &self.maps {
            let known = old.maps.get(name);
            for (key, verdict) in pairs {
                if known.and_then(|pairs| pairs.get(key)) != Some(verdict) {
                    say(format_args!("add element inet {table} {name} {{ {key} : {verdict} }}"));
                }
            }
        }
        for name in old.chains.keys().filter(|name| !self.chains.contains_key(*name)) {
            say(format_args!("delete chain inet {table} {name}"));
        }
        for name in old.sets.keys().filter(|name| !self.sets.contains_key(*name)) {
            say(format_args!("delete set inet {table} {name}"));
        }
        script
    }
}

/// The rule in the words of `nft`; `None` for a range that is empty.
fn line(rule: &Rule, side: &str) -> Option<String> {
    let peer = match &rule.peer {
        Peer::Block(_, 0) => "meta nfproto ipv4".to_owned(),
        Peer::Block(address, prefix) => format!("ip {side} {address}/{prefix}"),
        Peer::Group(id) => format!("ip {side} @{id}"),
    };
    let ports = |protocol: &str, first: u16, last: u16| match (first, last) {
        (0, u16::MAX) => Some(format!(" meta l4proto {protocol}")),
        (first, last) if first == last => Some(format!(" {protocol} dport {first}")),
        (first, last) if first < last => Some(format!(" {protocol} dport {first}-{last}")),
        _ => None,
    };
    let traffic = match rule.traffic {
        Traffic::All => String::new(),
        Traffic::Tcp(first, last) => ports("tcp", first, last)?,
        Traffic::Udp(first, last) => ports("udp", first, last)?,
        Traffic::Icmp(None, _) => " meta l4proto icmp".to_owned(),
        Traffic::Icmp(Some(kind), None) => format!(" icmp type {kind}"),
        Traffic::Icmp(Some(kind), Some(code)) => format!(" icmp type {kind} icmp code {code}"),
        Traffic::Protocol(number) => format!(" meta l4proto {number}"),
    };
    Some(format!("{peer}{traffic} accept"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_said_in_the_words_of_the_kernel() {
        let cases = [
            (
                Traffic::All,
                Peer::Block(Ipv4Addr::UNSPECIFIED, 0),
                "meta nfproto ipv4 accept",
            ),
            (
                Traffic::Tcp(80, 80),
                Peer::Block([10, 0, 0, 0].into(), 8),
                "ip saddr 10.0.0.0/8 tcp dport 80 accept",
            ),
            (
                Traffic::Udp(1, 9),
                Peer::Group("sg-0".to_owned()),
                "ip saddr @sg-0 udp dport 1-9 accept",
            ),
            (
                Traffic::Tcp(0, u16::MAX),
                Peer::Group("sg-0".to_owned()),
                "ip saddr @sg-0 meta l4proto tcp accept",
            ),
            (
                Traffic::Icmp(Some(8), None),
                Peer::Group("sg-0".to_owned()),
                "ip saddr @sg-0 icmp type 8 accept",
            ),
            (
                Traffic::Protocol(47),
                Peer::Group("sg-0".to_owned()),
                "ip saddr @sg-0 meta l4proto 47 accept",
            ),
        ];
        for (traffic, peer, said) in cases {
            assert_eq!(line(&Rule { traffic, peer }, "saddr").as_deref(), Some(said));
        }
        let empty = Rule {
            traffic: Traffic::Tcp(9, 1),
            peer: Peer::Group("sg-0".to_owned()),
        };
        assert_eq!(line(&empty, "saddr"), None);
    }

    #[test]
    fn nothing_is_said_when_nothing_changes() {
        let member = Member {
            interface: "rv1".to_owned(),
            address: [10, 0, 0, 9].into(),
            resolvers: vec![[10, 0, 0, 2].into()],
            groups: vec!["sg-1".to_owned()],
        };
        let members = BTreeMap::from([("eni-1".to_owned(), member)]);
        let wanted = Ruleset::wanted(&members, &BTreeMap::new());
        assert_eq!(wanted.from(&wanted, "t"), "");
        let empty = Ruleset::wanted(&BTreeMap::new(), &BTreeMap::new());
        assert_eq!(
            empty.from(&wanted, "t"),
            "delete element inet t egress { \"rv1\" : jump out-eni-1 }\n\
             delete element inet t ingress { \"rv1\" : jump in-eni-1 }\n\
             flush chain inet t in-eni-1\nflush chain inet t in-sg-1\n\
             flush chain inet t out-eni-1\nflush chain inet t out-sg-1\n\
             delete element inet t addresses { 10.0.0.9 }\n\
             delete element inet t interfaces { \"rv1\" }\n\
             delete element inet t pairs { \"rv1\" . 10.0.0.9 }\n\
             delete element inet t resolvers { 10.0.0.2 }\n\
             delete element inet t sg-1 { 10.0.0.9 }\n\
             delete chain inet t in-eni-1\ndelete chain inet t in-sg-1\n\
             delete chain inet t out-eni-1\ndelete chain inet t out-sg-1\n\
             delete set inet t sg-1\n"
        );
    }
}
