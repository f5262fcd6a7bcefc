//! Security groups as the data plane needs them: what each lets in and out.

use std::net::Ipv4Addr;

use crate::NetError;

/// A security group with the rules it has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroup {
    /// `sg-…`.
    pub id: String,
    /// What may reach its members.
    pub ingress: Vec<Rule>,
    /// What its members may reach.
    pub egress: Vec<Rule>,
}

/// One kind of traffic with one peer that is let pass; what no rule lets pass is dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What kind of traffic.
    pub traffic: Traffic,
    /// From whom, or to whom.
    pub peer: Peer,
}

/// A kind of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// Everything.
    All,
    /// TCP to a port from the first to the last.
    Tcp(u16, u16),
    /// UDP to a port from the first to the last.
    Udp(u16, u16),
    /// ICMP of a type and code; `None` is any.
    Icmp(Option<u8>, Option<u8>),
    /// Another protocol by its number.
    Protocol(u8),
}

/// The other side of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// The addresses of a block: its first address and its prefix length.
    Block(Ipv4Addr, u8),
    /// The members of a security group, by its id.
    Group(String),
}

impl SecurityGroup {
    /// Ids become words of a rule set, so they must be ids.
    pub(crate) fn check(&self) -> Result<(), NetError> {
        check_id(&self.id)?;
        for rule in self.ingress.iter().chain(&self.egress) {
            match &rule.peer {
                Peer::Group(id) => check_id(id)?,
                Peer::Block(_, prefix) if *prefix > 32 => {
                    return Err(NetError::InvalidSpec(format!("a block has no prefix of {prefix} bits")));
                }
                Peer::Block(..) => {}
            }
        }
        Ok(())
    }
}

/// An error unless the text is the id of a security group.
pub(crate) fn check_id(text: &str) -> Result<(), NetError> {
    let digits = text.strip_prefix("sg-").filter(|digits| matches!(digits.len(), 8 | 17));
    if digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit())) {
        Ok(())
    } else {
        Err(NetError::InvalidSpec(format!("`{text}` is no id of a security group")))
    }
}
