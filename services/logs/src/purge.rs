//! Retention: removes events that have expired, a leaf at a time; readers hide them from the moment they do.

use roadstead_core::arn::Place;
use roadstead_core::{AccountId, Region, Timestamp};
use roadstead_kernel::{Context, Result};
use roadstead_store::{Range, Txn, Versioned, scopes};

use crate::journal::fold_journal;
use crate::lane::Lane;
use crate::records::{Group, Stream, size_of, unpack};
use crate::{Logs, scope};

/// The most leaves that one transaction removes.
const LEAVES_AT_ONCE: usize = 50;
/// How many streams are read at once.
const STREAMS_AT_ONCE: usize = 500;

/// What a purge did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// How many events were removed.
    pub events: u64,
    /// Their bytes, each counted with 26 bytes on top.
    pub bytes: u64,
}

impl Logs {
    /// Removes what has expired by now, in all accounts and regions, and counts anew what groups store.
    ///
    /// To be called now and then, such as every hour: nobody sees expired events in between. Several may run at once.
    pub async fn purge(&self, now: Timestamp) -> Result<Purged> {
        let mut purged = Purged::default();
        for (account, region) in scopes(&*self.store).await? {
            let place = AccountId::parse(&account).zip(Region::parse(&region));
            let Some((account, region)) = place else { continue };
            let place = Place { account, region };
            for group in self.groups.list_all(scope(&place)).await? {
                self.purge_group(place, &group.record, now, &mut purged)
                    .await
                    .context("purging a log group")?;
            }
        }
        Ok(purged)
    }

    async fn purge_group(&self, place: Place, group: &Group, now: Timestamp, purged: &mut Purged) -> Result<()> {
        let expired_before = group.expired_before(now);
        let mut stored = 0_u64;
        let mut after: Option<String> = None;
        loop {
            let last = after.as_deref().map(|name| [group.name.as_str(), name]);
            let last = last.as_ref().map(<[&str; 2]>::as_slice);
            let page = self
                .streams
                .list(scope(&place), &[&group.name], last, STREAMS_AT_ONCE)
                .await?;
            for stream in page.records {
                let before = stream.record.bytes;
                let gone = match stream.record.first_event {
                    Some(first) if first < expired_before => {
                        self.purge_stream(place, group, &stream.record.name, expired_before)
                            .await?
                    }
                    _ => Purged::default(),
                };
                purged.events += gone.events;
                purged.bytes += gone.bytes;
                stored += before.saturating_sub(gone.bytes);
                after = Some(stream.record.name);
            }
            if !page.more {
                break;
            }
        }
        if stored != group.stored_bytes {
            let count = |group: &mut Group| {
                group.stored_bytes = stored;
                Ok::<_, roadstead_kernel::Fault>(())
            };
            self.groups.update(scope(&place), &[&group.name], count).await?;
        }
        Ok(())
    }

    async fn purge_stream(&self, place: Place, group: &Group, name: &str, expired_before: i64) -> Result<Purged> {
        let _turn = self.turn(&group.name, name).await;
        let mut purged = Purged::default();
        while let Some(found) = self.streams.get(scope(&place), &[&group.name, name]).await? {
            let lane = Lane::new(place, &group.uid, &found.record.uid);
            fold_journal(&self.store, &lane, found.record.next_number).await?;
            match self.purge_leaves(place, group, &lane, found, expired_before).await {
                Ok((gone, more)) => {
                    purged.events += gone.events;
                    purged.bytes += gone.bytes;
                    if !more {
                        break;
                    }
                }
                // Another process writes to the stream: the next purge has its turn.
                Err(fault) if fault.is_conflict() => break,
                Err(fault) => return Err(fault),
            }
        }
        Ok(purged)
    }

    /// Removes the first leaves that have expired as a whole; whether there may be more of them.
    async fn purge_leaves(
        &self,
        place: Place,
        group: &Group,
        lane: &Lane,
        found: Versioned<Stream>,
        expired_before: i64,
    ) -> Result<(Purged, bool)> {
        let (unfolded, _) = self.store.range(Range::prefix(lane.journal()).limit(1)).await?;
        if !unfolded.is_empty() {
            // Another process folds: what comes first in the stream is not known yet.
            return Ok((Purged::default(), false));
        }
        let (leaves, _) = self
            .store
            .range(Range::prefix(lane.leaves()).limit(LEAVES_AT_ONCE))
            .await?;
        let (mut purged, mut txn, mut stream) = (Purged::default(), Txn::new(), found.record);
        let full = leaves.len() == LEAVES_AT_ONCE;
        let (mut expired, mut first_left) = (0, None);
        for leaf in leaves {
            let events = unpack(&leaf.value)?;
            if events.last().is_some_and(|last| last.position.at >= expired_before) {
                first_left = events
                    .iter()
                    .find(|event| event.position.at >= expired_before)
                    .map(|event| event.position.at);
                break;
            }
            purged.events += events.len() as u64;
            purged.bytes += size_of(&events) as u64;
            expired += 1;
            txn = txn.at(leaf.key.clone(), leaf.modified).delete(leaf.key);
        }
        let more = full && first_left.is_none();
        if !more {
            stream.first_event = first_left;
            if first_left.is_none() {
                stream.last_event = None;
            }
        }
        if expired > 0 || !more {
            stream.bytes = stream.bytes.saturating_sub(purged.bytes);
            let id = [group.name.as_str(), stream.name.as_str()];
            self.streams
                .stage_replace(&mut txn, scope(&place), &id, found.revision, &stream)?;
            self.store.commit(txn).await?;
        }
        Ok((purged, more))
    }
}
