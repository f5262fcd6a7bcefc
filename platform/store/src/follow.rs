//! What is known of the records below a prefix without reading them: read once, then kept up with what is written.

use crate::{Change, Entry, Events, Range, Result, Revision, Store, StoreError, Watch};
use bytes::Bytes;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::sync::Mutex;

/// How many records are read at once.
const PAGE: usize = 1000;

/// Something made from records one by one, such as their number.
pub trait Summary: Default + Send + 'static {
    /// The record is there now: a new one, or in place of one with the same key.
    fn put(&mut self, entry: &Entry, is_new: bool) -> Result<()>;

    /// The record with the key is gone.
    fn delete(&mut self, key: &[u8]);
}

/// A summary of the records below a prefix that is right at each reading, and costs what was written since the last.
///
/// Where so much was written since that the store has forgotten it, all is read again; who reads seldom can prevent it
/// with [`keep_up`](Followed::keep_up).
pub struct Followed<S> {
    store: Arc<dyn Store>,
    prefix: Bytes,
    state: Mutex<Option<State<S>>>,
}

struct State<S> {
    summary: S,
    watch: Watch,
    /// Up to which key the records are taken over, and as of which revision, while not all changes before the last of
    /// these revisions were seen.
    read: Vec<(Bytes, Revision)>,
    /// Whether all are.
    whole: bool,
}

impl<S: Summary> Followed<S> {
    /// Nothing is read before it is asked for.
    pub fn new(store: Arc<dyn Store>, prefix: Bytes) -> Self {
        Self {
            store,
            prefix,
            state: Mutex::new(None),
        }
    }

    /// Looks at the summary as of the last commit that was answered, or a later one.
    pub async fn read<T>(&self, look: impl FnOnce(&S) -> T) -> Result<T> {
        let mut state = self.state.lock().await;
        loop {
            let mut current = match state.take() {
                Some(current) => current,
                None => self.load().await?,
            };
            if current.keep_up()? {
                let seen = look(&current.summary);
                *state = Some(current);
                return Ok(seen);
            }
        }
    }

    /// Takes over what was written, if it was ever asked for.
    pub async fn keep_up(&self) -> Result<()> {
        let mut state = self.state.lock().await;
        if let Some(mut current) = state.take()
            && current.keep_up()?
        {
            *state = Some(current);
        }
        Ok(())
    }

    async fn load(&self) -> Result<State<S>> {
        let mut loading: Option<State<S>> = None;
        loop {
            let mut range = Range::prefix(self.prefix.clone()).limit(PAGE);
            if let Some((last, _)) = loading.as_ref().and_then(|state| state.read.last()) {
                range = range.after(last);
            }
            let (entries, revision) = self.store.range(range).await?;
            let state = loading.get_or_insert_with(|| State {
                summary: S::default(),
                watch: self.store.watch(self.prefix.clone(), revision),
                read: Vec::new(),
                whole: false,
            });
            for entry in &entries {
                state.summary.put(entry, true)?;
            }
            state.whole = entries.len() < PAGE;
            let last = entries.last().map(|entry| entry.key.clone()).unwrap_or_default();
            state.read.push((last, revision));
            // Between two pages, so that the store has not forgotten what was written when the last one is read.
            let kept_up = state.keep_up()?;
            match loading.take() {
                Some(state) if kept_up && state.whole => return Ok(state),
                state => loading = state.filter(|_| kept_up),
            }
        }
    }
}

impl<S: Summary> State<S> {
    /// Takes over what was written since; `false` where that is forgotten.
    fn keep_up(&mut self) -> Result<bool> {
        loop {
            match ready(&mut self.watch) {
                None => return Ok(true),
                Some(Ok(events)) => self.take_over(&events)?,
                Some(Err(StoreError::Compacted { .. })) => return Ok(false),
                Some(Err(error)) => return Err(error),
            }
        }
    }

    fn take_over(&mut self, events: &Events) -> Result<()> {
        if self.whole && self.read.last().is_some_and(|(_, last)| events.revision > *last) {
            self.read.clear();
        }
        for change in &events.changes {
            if self.is_news(change.key(), events.revision) {
                match change {
                    Change::Put(entry) => self.summary.put(entry, entry.created == entry.modified)?,
                    Change::Delete { key } => self.summary.delete(key),
                }
            }
        }
        Ok(())
    }

    /// Whether a change came after its key's page was read; what comes before a page is read is in it.
    fn is_news(&self, key: &[u8], revision: Revision) -> bool {
        let page = self.read.partition_point(|(last, _)| **last < *key);
        match self.read.get(page).or_else(|| self.read.last().filter(|_| self.whole)) {
            Some((_, read)) => revision > *read,
            None => self.whole,
        }
    }
}

/// The next transaction, if it is there already.
fn ready(watch: &mut Watch) -> Option<Result<Events>> {
    let next = std::pin::pin!(watch.next());
    match next.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(events) => Some(events),
        Poll::Pending => None,
    }
}

/// How many records there are.
#[derive(Debug, Default)]
pub struct Count(pub usize);

impl Summary for Count {
    fn put(&mut self, _: &Entry, is_new: bool) -> Result<()> {
        self.0 += usize::from(is_new);
        Ok(())
    }

    fn delete(&mut self, _: &[u8]) {
        self.0 = self.0.saturating_sub(1);
    }
}
