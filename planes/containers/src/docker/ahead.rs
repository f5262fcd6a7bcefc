//! Output read ahead of whoever wants it: an engine sends line by line, and each costs a turn of the connection's task.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::RuntimeError;
use crate::state::LogChunk;

/// How many bytes are read ahead at the most.
const BYTES: u32 = 1 << 20;
/// What each piece is counted for beyond its bytes.
const OVERHEAD: usize = 128;

type Read = Result<LogChunk, RuntimeError>;

/// The same pieces in the same order; must be polled within a Tokio runtime.
pub fn read_ahead(chunks: BoxStream<'static, Read>) -> BoxStream<'static, Read> {
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(forward(chunks, sender));
    stream::unfold(receiver, async |mut receiver| {
        let (read, _room): (Read, _) = receiver.recv().await?;
        Some((read, receiver))
    })
    .boxed()
}

/// Sends pieces on while there is room, until they or their reader end.
async fn forward(
    mut chunks: BoxStream<'static, Read>,
    sender: mpsc::UnboundedSender<(Read, Option<OwnedSemaphorePermit>)>,
) {
    let room = Arc::new(Semaphore::new(BYTES as usize));
    loop {
        let read = tokio::select! {
            read = chunks.next() => read,
            () = sender.closed() => return,
        };
        let Some(read) = read else { return };
        let size = read.as_ref().map_or(0, |chunk| chunk.bytes.len()) + OVERHEAD;
        let size = u32::try_from(size).unwrap_or(BYTES).min(BYTES);
        let taken = tokio::select! {
            taken = Arc::clone(&room).acquire_many_owned(size) => taken.ok(),
            () = sender.closed() => return,
        };
        if sender.send((read, taken)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::LogStream;
    use bytes::Bytes;
    use roadstead_core::Timestamp;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn chunk(number: i64, size: usize) -> LogChunk {
        LogChunk {
            stream: LogStream::Stdout,
            bytes: Bytes::from(vec![b'x'; size]),
            at: Timestamp::from_millis(number),
        }
    }

    #[tokio::test]
    async fn all_comes_in_order_and_no_more_than_there_is_room_for_is_read_ahead() {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        let source = stream::iter((0..1_000).map(move |number| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(chunk(number, 16_384))
        }));
        let mut ahead = read_ahead(source.boxed());
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let most = BYTES as usize / 16_384 + 1;
        assert!((1..=most).contains(&taken.load(Ordering::Relaxed)));
        for number in 0..1_000 {
            let read = ahead.next().await.unwrap().unwrap();
            assert_eq!(read.at.millis(), number);
        }
        assert!(ahead.next().await.is_none());
    }

    #[tokio::test]
    async fn nothing_is_read_on_when_the_reader_is_gone() {
        let (dropped, gone) = tokio::sync::oneshot::channel::<()>();
        let source = stream::once(async move {
            let _held = dropped;
            std::future::pending::<Read>().await
        });
        drop(read_ahead(source.boxed()));
        assert!(gone.await.is_err(), "the source was let go");
    }
}
