//! Form bodies: `Name.member.1=a` of the query protocol and `Name.1=a` of EC2.

use std::borrow::Cow;
use std::cmp::Ordering;

use bytes::Bytes;
use roadstead_core::time::Timestamp;

use super::text;
use crate::check::Check;
use crate::error::{Malformed, Read};
use crate::limits::{MAX_DEPTH, MAX_FORM_KEYS, MAX_FORM_PARTS, MAX_LIST_INDEX};
use crate::schema::{Kind, Member, Shape, TimestampFormat};
use crate::uri;
use crate::value::{Reader, Structure, read_member};

/// A form as a tree: `a.b.1` is a node in a node in a node.
struct Node {
    /// The pair whose key names the node, and where in the key its name stands.
    pair: u32,
    from: u32,
    to: u32,
    /// The pair whose value it has; none where only longer keys exist.
    value: Link,
    first: Link,
    next: Link,
}

/// The number of a node or pair, or none: small, because a form may make many nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Link(u32);

impl Link {
    const NONE: Self = Self(u32::MAX);

    fn to(at: usize) -> Self {
        Self(small(at))
    }

    fn get(self) -> Option<usize> {
        (self != Self::NONE).then_some(self.0 as usize)
    }
}

/// Forms are small enough for 32 bits.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Node {
    fn new(pair: usize, from: usize, to: usize) -> Self {
        Self {
            pair: small(pair),
            from: small(from),
            to: small(to),
            value: Link::NONE,
            first: Link::NONE,
            next: Link::NONE,
        }
    }
}

/// Reads a form.
pub struct FormReader<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    nodes: Vec<Node>,
    at: usize,
    check: &'a mut Check,
    ec2: bool,
    /// The member that is being read.
    flattened: bool,
    format: Option<TimestampFormat>,
}

/// Orders keys part by part, so that the keys of a node stand together.
fn by_parts(a: &str, b: &str) -> Ordering {
    let rank = |c: u8| if c == b'.' { 0 } else { u16::from(c) + 1 };
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}

impl<'a> FormReader<'a> {
    /// Parses a form.
    pub fn new(form: &'a str, check: &'a mut Check, ec2: bool) -> Read<Self> {
        let broken = || Malformed::new("the form holds a broken escape");
        let mut pairs = Vec::with_capacity(16);
        for (key, value) in uri::pairs(form) {
            if pairs.len() >= MAX_FORM_KEYS {
                return Err(Malformed::new("the form holds too many keys"));
            }
            let key = uri::decode(key, true).ok_or_else(broken)?;
            if key.is_empty() {
                continue;
            }
            pairs.push((key, uri::decode(value, true).ok_or_else(broken)?));
        }
        pairs.sort_by(|a, b| by_parts(&a.0, &b.0));
        let mut reader = Self {
            pairs,
            nodes: Vec::with_capacity(32),
            at: 0,
            check,
            ec2,
            flattened: false,
            format: None,
        };
        reader.build()?;
        Ok(reader)
    }

    /// Builds the tree; the pairs are sorted, so that a node is always the last child or new.
    fn build(&mut self) -> Read<()> {
        self.nodes.push(Node::new(0, 0, 0));
        // The path of the key before: node and, for each, its last child.
        let mut path: Vec<usize> = vec![0];
        let mut last_child: Vec<Option<usize>> = vec![None];
        for pair in 0..self.pairs.len() {
            let Some((key, _)) = self.pairs.get(pair) else { break };
            let mut from = 0;
            for (depth, part) in key.split('.').enumerate() {
                if depth >= MAX_DEPTH {
                    return Err(Malformed::new("a form key is nested too deeply"));
                }
                let to = from + part.len();
                let last = last_child.get(depth).copied().flatten();
                let same = last.filter(|at| name_of(&self.pairs, &self.nodes, *at) == part);
                let node = if let Some(node) = same {
                    node
                } else {
                    let node = self.nodes.len();
                    if node > MAX_FORM_PARTS {
                        return Err(Malformed::new("the form holds too many names"));
                    }
                    self.nodes.push(Node::new(pair, from, to));
                    match last {
                        Some(before) => {
                            if let Some(before) = self.nodes.get_mut(before) {
                                before.next = Link::to(node);
                            }
                        }
                        None => {
                            let parent = path.get(depth).copied().unwrap_or_default();
                            if let Some(parent) = self.nodes.get_mut(parent) {
                                parent.first = Link::to(node);
                            }
                        }
                    }
                    if let Some(slot) = last_child.get_mut(depth) {
                        *slot = Some(node);
                    }
                    path.truncate(depth + 1);
                    last_child.truncate(depth + 1);
                    path.push(node);
                    last_child.push(None);
                    node
                };
                debug_assert_eq!(path.get(depth + 1), Some(&node));
                from = to + 1;
                // Of a repeated key the first value counts; the sort is stable.
                if to == key.len()
                    && let Some(node) = self.nodes.get_mut(node)
                    && node.value == Link::NONE
                {
                    node.value = Link::to(pair);
                }
            }
        }
        Ok(())
    }

    fn children(&self, at: usize) -> impl Iterator<Item = usize> {
        let mut next = self.nodes.get(at).and_then(|n| n.first.get());
        std::iter::from_fn(move || {
            let now = next?;
            next = self.nodes.get(now).and_then(|n| n.next.get());
            Some(now)
        })
    }

    fn child(&self, at: usize, name: &str) -> Option<usize> {
        self.children(at)
            .find(|child| name_of(&self.pairs, &self.nodes, *child) == name)
    }

    fn value(&self) -> Read<&str> {
        self.nodes
            .get(self.at)
            .and_then(|node| node.value.get())
            .and_then(|pair| self.pairs.get(pair))
            .map(|(_, value)| &**value)
            .ok_or_else(|| Malformed::new("a single value was expected"))
    }

    /// The numbered children, in the order of their numbers.
    fn numbered(&self, at: usize) -> Read<Vec<(u32, usize)>> {
        let mut found = Vec::new();
        for child in self.children(at) {
            let name = name_of(&self.pairs, &self.nodes, child);
            let index: u32 = name
                .parse()
                .map_err(|_| Malformed::new("a list index was expected in a form key"))?;
            if index > MAX_LIST_INDEX {
                return Err(Malformed::new("a list index in a form key is too large"));
            }
            found.push((index, child));
        }
        found.sort_unstable();
        Ok(found)
    }

    fn find(&self, shape: &'static Shape, name: &str) -> Option<(usize, &'static Member)> {
        let members = shape.members.iter().enumerate();
        if self.ec2 {
            return members.into_iter().find(|(_, m)| m.query == name);
        }
        members.into_iter().find(|(_, m)| {
            m.wire == name
                // A flattened list may go by the name of its element.
                || (m.flattened
                    && m.shape.kind == Kind::List
                    && m.shape.element().is_some_and(|e| e.named && e.wire == name))
        })
    }
}

fn name_of<'p>(pairs: &'p [(Cow<'_, str>, Cow<'_, str>)], nodes: &[Node], at: usize) -> &'p str {
    nodes
        .get(at)
        .and_then(|node| {
            pairs
                .get(node.pair as usize)?
                .0
                .get(node.from as usize..node.to as usize)
        })
        .unwrap_or_default()
}

impl Reader for FormReader<'_> {
    fn check(&mut self) -> &mut Check {
        self.check
    }

    fn members(&mut self, shape: &'static Shape, target: &mut dyn Structure, seen: &mut u128) -> Read<()> {
        let here = self.at;
        let mut child = self.nodes.get(here).and_then(|n| n.first.get());
        while let Some(node) = child {
            child = self.nodes.get(node).and_then(|n| n.next.get());
            let found = self.find(shape, name_of(&self.pairs, &self.nodes, node));
            let Some((at, member)) = found else { continue };
            if *seen & (1 << at) != 0 {
                continue;
            }
            self.at = node;
            self.flattened = self.ec2 || member.flattened;
            self.format = member.timestamp;
            read_member(self, at, member, target, seen)?;
        }
        self.at = here;
        Ok(())
    }

    fn list(&mut self, shape: &'static Shape, each: &mut dyn FnMut(&mut dyn Reader) -> Read<()>) -> Read<()> {
        let Some(element) = shape.element() else { return Ok(()) };
        let here = self.at;
        let holder = if self.flattened {
            Some(here)
        } else {
            self.child(here, element.wire)
        };
        let Some(holder) = holder else {
            // `Name=` is an empty list; anything else below the name is no list.
            return match self.nodes.get(here).and_then(|n| n.first.get()) {
                None => Ok(()),
                Some(_) => Err(Malformed::new("a list was expected in a form key")),
            };
        };
        for (_, node) in self.numbered(holder)? {
            self.at = node;
            self.flattened = self.ec2;
            self.format = element.timestamp;
            each(self)?;
        }
        self.at = here;
        Ok(())
    }

    fn map(&mut self, shape: &'static Shape, each: &mut dyn FnMut(String, &mut dyn Reader) -> Read<()>) -> Read<()> {
        let Some((key, value)) = shape.entry() else {
            return Ok(());
        };
        let here = self.at;
        let holder = if self.flattened {
            Some(here)
        } else {
            self.child(here, "entry")
        };
        let Some(holder) = holder else { return Ok(()) };
        for (_, node) in self.numbered(holder)? {
            self.at = self
                .child(node, key.wire)
                .ok_or_else(|| Malformed::new("an entry of a map has no key"))?;
            let name = self.value()?.to_owned();
            self.at = self
                .child(node, value.wire)
                .ok_or_else(|| Malformed::new("an entry of a map has no value"))?;
            self.flattened = self.ec2;
            self.format = value.timestamp;
            each(name, self)?;
        }
        self.at = here;
        Ok(())
    }

    fn text(&mut self) -> Read<String> {
        self.value().map(str::to_owned)
    }

    fn boolean(&mut self) -> Read<bool> {
        text::boolean(self.value()?, false)
    }

    fn integer(&mut self) -> Read<i64> {
        text::integer(self.value()?)
    }

    fn float(&mut self) -> Read<f64> {
        text::float(self.value()?)
    }

    fn blob(&mut self) -> Read<Bytes> {
        text::blob(self.value()?)
    }

    fn timestamp(&mut self) -> Read<Timestamp> {
        let format = self.format.unwrap_or(TimestampFormat::Iso8601);
        text::timestamp(self.value()?, format, false)
    }

    fn document(&mut self) -> Read<serde_json::Value> {
        serde_json::from_str(self.value()?).map_err(|why| Malformed::new(why.to_string()))
    }

    fn null(&mut self) -> bool {
        false
    }
}
