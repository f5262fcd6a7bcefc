//! The policies that AWS owns: 1,582 of them, compressed in the binary, each unpacked when it is first needed.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use flate2::read::DeflateDecoder;
use roadstead_core::{Partition, Timestamp, arn};
use roadstead_kernel::{Context as _, Fault, Result};
use roadstead_policy::{Document, PolicyType, Program};

use crate::documents;

/// One policy a line, sorted by name: name, path, version, two dates, and where the document lies.
static INDEX: &str = include_str!("../data/managed-policies.tsv");
/// The documents, in blocks that can be inflated by themselves.
static BLOCKS: &[u8] = include_bytes!("../data/managed-policies.deflate");

/// A policy that AWS owns, without its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Managed {
    /// The name.
    pub name: &'static str,
    /// The path, such as `/aws-service-role/`.
    pub path: &'static str,
    /// The default version, such as `v24`.
    pub version: &'static str,
    created: &'static str,
    updated: &'static str,
    /// The block's bytes from and to, and the document's offset and length in it.
    place: [usize; 4],
}

impl Managed {
    fn parse(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut text = || fields.next();
        let (name, path, version, created, updated) = (text()?, text()?, text()?, text()?, text()?);
        let mut number = || text()?.parse().ok();
        Some(Self {
            name,
            path,
            version,
            created,
            updated,
            place: [number()?, number()?, number()?, number()?],
        })
    }

    /// All of them, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        INDEX.lines().filter_map(Self::parse)
    }

    /// The policy of that name.
    pub fn named(name: &str) -> Option<Self> {
        // The lines are sorted: halve the text, from line to line.
        let mut rest = INDEX;
        while !rest.is_empty() {
            let middle = rest.get(..rest.len() / 2)?.rfind('\n').map_or(0, |at| at + 1);
            let line_end = rest.get(middle..)?.find('\n').map_or(rest.len(), |at| middle + at + 1);
            let line = rest.get(middle..line_end)?.trim_end();
            match line.split('\t').next()?.cmp(name) {
                std::cmp::Ordering::Equal => return Self::parse(line),
                std::cmp::Ordering::Less => rest = rest.get(line_end..)?,
                std::cmp::Ordering::Greater => rest = rest.get(..middle)?,
            }
        }
        None
    }

    /// The policy of that ARN, in any partition: `arn:aws:iam::aws:policy/service-role/…`.
    pub fn by_arn(arn: &str) -> Option<Self> {
        let parsed = arn::Arn::parse(arn)?;
        if (parsed.service, parsed.region, parsed.account) != ("iam", "", "aws") {
            return None;
        }
        let path_and_name = parsed.resource.strip_prefix("policy")?;
        let (path, name) = path_and_name.split_at_checked(path_and_name.rfind('/')? + 1)?;
        Self::named(name).filter(|found| found.path == path)
    }

    /// Its ARN in a partition.
    pub fn arn(&self, partition: Partition) -> String {
        arn::aws_managed_policy(partition, self.path, self.name)
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        Timestamp::parse_iso8601(self.created).unwrap_or(Timestamp::from_secs(0))
    }

    /// When its default version was made.
    pub fn updated(&self) -> Timestamp {
        Timestamp::parse_iso8601(self.updated).unwrap_or(Timestamp::from_secs(0))
    }

    /// A unique id that is always the same for the same policy: `ANPA…`.
    pub fn id(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
        for byte in self.name.bytes() {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
        let letters = (0..17).map(|at| {
            let index = usize::try_from((hash >> (at * 5)) & 31).unwrap_or(0);
            char::from(*LETTERS.get(index).unwrap_or(&b'A'))
        });
        "ANPA".chars().chain(letters).collect()
    }

    /// Whether only service-linked roles may have it.
    pub fn is_for_linked_roles(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }

    /// Its document, as JSON.
    pub fn document(&self) -> Result<String> {
        let [from, to, at, len] = self.place;
        let block = BLOCKS
            .get(from..to)
            .ok_or_else(|| Fault::internal("a managed policy outside of its file"))?;
        let mut text = String::new();
        DeflateDecoder::new(block)
            .take(u64::try_from(at + len).unwrap_or(0))
            .read_to_string(&mut text)
            .map_err(Fault::internal)?;
        text.get(at..at + len)
            .map(ToOwned::to_owned)
            .ok_or_else(|| Fault::internal("a managed policy outside of its block"))
    }
}

/// Compiled policies of AWS, kept as long as some principal uses them.
#[derive(Default)]
pub struct Compiled(Mutex<Programs>);

type Programs = HashMap<(&'static str, PolicyType), Weak<Program>>;

impl Compiled {
    /// The compiled policy, as one of the given type.
    pub fn program(&self, policy: Managed, policy_type: PolicyType) -> Result<Arc<Program>> {
        if let Some(known) = self.lock().get(&(policy.name, policy_type)).and_then(Weak::upgrade) {
            return Ok(known);
        }
        let text = policy.document()?;
        let document = Document::parse(&text)
            .map_err(Fault::internal)
            .context("reading a policy of AWS")?;
        let program = Arc::new(documents::compile_managed(
            &document,
            policy.arn(Partition::Aws),
            policy_type,
        ));
        let mut known = self.lock();
        known.retain(|_, program| program.strong_count() > 0);
        known.insert((policy.name, policy_type), Arc::downgrade(&program));
        Ok(program)
    }

    fn lock(&self) -> MutexGuard<'_, Programs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_is_found_by_name_and_by_arn() {
        let mut count = 0;
        for policy in Managed::all() {
            assert_eq!(Managed::named(policy.name), Some(policy));
            assert_eq!(Managed::by_arn(&policy.arn(Partition::AwsCn)), Some(policy));
            count += 1;
        }
        assert_eq!(count, INDEX.lines().count());
        for wrong in [
            "",
            "A",
            "ZZZ",
            "AmazonECSServiceRolePolic",
            "AmazonECSServiceRolePolicyX",
        ] {
            assert_eq!(Managed::named(wrong), None, "{wrong}");
        }
        assert_eq!(
            Managed::by_arn("arn:aws:iam::aws:policy/AmazonECSServiceRolePolicy"),
            None
        );
        assert_eq!(
            Managed::by_arn("arn:aws:iam::123456789012:policy/AdministratorAccess"),
            None
        );
    }

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<String> = Managed::all().map(|policy| policy.id()).collect();
        assert_eq!(ids.len(), INDEX.lines().count());
    }

    #[test]
    fn the_policy_of_ecs_is_the_recorded_version() {
        let policy = Managed::named("AmazonECSServiceRolePolicy").unwrap();
        assert_eq!((policy.path, policy.version), ("/aws-service-role/", "v24"));
        assert_eq!(policy.created().iso8601(), "2017-10-14T01:18:58Z");
        assert_eq!(policy.updated().iso8601(), "2026-04-22T23:12:09Z");
        assert!(
            policy
                .document()
                .unwrap()
                .starts_with(r#"{"Version":"2012-10-17","Statement":["#)
        );
    }

    /// The data that the packed file was made of, when it is at hand.
    #[test]
    fn every_document_is_unpacked_as_it_was_packed() {
        let shared = std::env::var_os("ROADSTEAD_SHARED").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
            std::path::PathBuf::from,
        );
        let Ok(lines) = std::fs::read_to_string(shared.join("data/managed-policies.jsonl")) else {
            println!("SKIPPED every_document_is_unpacked_as_it_was_packed: no shared data");
            return;
        };
        for line in lines.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let policy = Managed::by_arn(row["arn"].as_str().unwrap()).unwrap();
            let document: serde_json::Value = serde_json::from_str(&policy.document().unwrap()).unwrap();
            assert_eq!(document, row["document"], "{}", policy.name);
            assert_eq!(policy.version, row["default_version"]);
        }
    }
}
