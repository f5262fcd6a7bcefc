//! From the pieces of output that an engine gives to events: lines, put together and cut to what an event may hold.

use regex::bytes::Regex;
use roadstead_containers::{LogChunk, LogStream};

/// The most bytes of an event.
// AWS: the driver's own bound: 256 KiB less what each event is counted for beyond its text.
pub const MAX_EVENT: usize = 262_144 - super::batch::OVERHEAD;
/// How long lines are gathered for one event, in milliseconds.
const GATHER: i64 = 5_000;

/// An event to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When its first piece was written, in milliseconds.
    pub at: i64,
    /// The number of its first piece.
    pub first: u64,
    /// The text, never empty.
    pub text: String,
}

/// Text that has begun and not ended.
#[derive(Debug)]
struct Begun {
    at: i64,
    first: u64,
    bytes: Vec<u8>,
}

/// Puts lines together; of the two outputs of a container each has a line of its own.
#[derive(Debug)]
pub struct Lines {
    first_line: Option<Regex>,
    out: Option<Begun>,
    err: Option<Begun>,
    gathered: Option<Begun>,
}

impl Lines {
    /// Makes an event of each line, or of each line that matches with those after it that do not.
    pub fn new(first_line: Option<Regex>) -> Self {
        Self {
            first_line,
            out: None,
            err: None,
            gathered: None,
        }
    }

    /// Takes a piece of output with its number; pushes what it completes.
    pub fn take(&mut self, chunk: &LogChunk, number: u64, events: &mut Vec<Event>) {
        let at = chunk.at.millis();
        for part in chunk.bytes.split_inclusive(|byte| *byte == b'\n') {
            let slot = match chunk.stream {
                LogStream::Stdout => &mut self.out,
                LogStream::Stderr => &mut self.err,
            };
            let (text, ends) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let mut line = slot.take().unwrap_or(Begun {
                at,
                first: number,
                bytes: Vec::new(),
            });
            line.bytes.extend_from_slice(text);
            let mut whole = Vec::new();
            while line.bytes.len() > MAX_EVENT {
                let rest = line.bytes.split_off(boundary(&line.bytes, MAX_EVENT));
                let begun = Begun {
                    at,
                    first: number,
                    bytes: rest,
                };
                whole.push(std::mem::replace(&mut line, begun));
            }
            if ends {
                whole.push(line);
            } else {
                *slot = Some(line);
            }
            for line in whole {
                self.line(&line, events);
            }
        }
    }

    fn line(&mut self, line: &Begun, events: &mut Vec<Event>) {
        let Some(first_line) = &self.first_line else {
            cut(line, events);
            return;
        };
        let gathered = self.gathered.as_ref().map_or(0, |gathered| gathered.bytes.len());
        if first_line.is_match(&line.bytes) || gathered + line.bytes.len() > MAX_EVENT {
            self.close(events);
        }
        let ends = line.bytes.len() < MAX_EVENT;
        let gathered = self.gathered.get_or_insert(Begun {
            at: line.at,
            first: line.first,
            bytes: Vec::new(),
        });
        gathered.bytes.extend_from_slice(&line.bytes);
        // AWS: the driver keeps the ends of lines only where an event may have several.
        if ends {
            gathered.bytes.push(b'\n');
        }
    }

    fn close(&mut self, events: &mut Vec<Event>) {
        if let Some(gathered) = self.gathered.take() {
            cut(&gathered, events);
        }
    }

    /// In how many milliseconds the event ends whose lines are gathered, if there is one.
    pub fn closes_in(&self, now: i64) -> Option<i64> {
        let age = now.saturating_sub(self.gathered.as_ref()?.at);
        Some(if (0..GATHER).contains(&age) { GATHER - age } else { 0 })
    }

    /// Ends the event whose lines were gathered for long enough.
    pub fn close_old(&mut self, now: i64, events: &mut Vec<Event>) {
        if self.closes_in(now) == Some(0) {
            self.close(events);
        }
    }

    /// Ends everything: no more output will come.
    pub fn finish(&mut self, events: &mut Vec<Event>) {
        let mut rest = [self.out.take(), self.err.take()];
        rest.sort_by_key(|line| line.as_ref().map(|line| line.first));
        for line in rest.into_iter().flatten() {
            self.line(&line, events);
        }
        self.close(events);
    }

    /// The number of the first piece that is in no event yet.
    pub fn first_unfinished(&self) -> Option<u64> {
        let begun = [&self.out, &self.err, &self.gathered];
        begun.into_iter().flatten().map(|begun| begun.first).min()
    }
}

/// Makes events of a line: none of an empty one, several of one that is too long.
fn cut(line: &Begun, events: &mut Vec<Event>) {
    let text = String::from_utf8_lossy(&line.bytes);
    let mut rest: &str = &text;
    while !rest.is_empty() {
        let (text, after) = rest.split_at(boundary(rest.as_bytes(), MAX_EVENT.min(rest.len())));
        events.push(Event {
            at: line.at,
            first: line.first,
            text: text.to_owned(),
        });
        rest = after;
    }
}

/// Where to cut bytes at `at` or a little before, so that no character is cut.
fn boundary(bytes: &[u8], at: usize) -> usize {
    let begins = |at: &usize| bytes.get(*at).is_none_or(|byte| byte & 0b1100_0000 != 0b1000_0000);
    (at.saturating_sub(3)..=at).rev().find(begins).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;
    use roadstead_core::Timestamp;

    fn chunk(stream: LogStream, text: &[u8], at: i64) -> LogChunk {
        LogChunk {
            stream,
            bytes: Bytes::copy_from_slice(text),
            at: Timestamp::from_millis(at),
        }
    }

    fn events(pattern: Option<&str>, chunks: &[LogChunk]) -> Vec<Event> {
        let mut lines = Lines::new(pattern.map(|pattern| Regex::new(pattern).unwrap()));
        let mut events = Vec::new();
        for (number, chunk) in chunks.iter().enumerate() {
            lines.take(chunk, number as u64, &mut events);
        }
        lines.finish(&mut events);
        assert_eq!(lines.first_unfinished(), None);
        events
    }

    fn texts(pattern: Option<&str>, pieces: &[&str]) -> Vec<String> {
        let chunks: Vec<_> = pieces
            .iter()
            .map(|text| chunk(LogStream::Stdout, text.as_bytes(), 1))
            .collect();
        events(pattern, &chunks).into_iter().map(|event| event.text).collect()
    }

    #[test]
    fn each_line_is_an_event_and_empty_ones_are_none() {
        assert_eq!(
            texts(None, &["one\n", "\n", "tw", "o\n", "three"]),
            ["one", "two", "three"]
        );
        assert_eq!(texts(None, &["a\nb\r\n"]), ["a", "b\r"]);
    }

    #[test]
    fn the_two_outputs_do_not_mix_within_a_line() {
        let (out, err) = (LogStream::Stdout, LogStream::Stderr);
        let chunks = [
            chunk(out, b"hello ", 1),
            chunk(err, b"oops\n", 2),
            chunk(out, b"world\n", 3),
        ];
        let seen = events(None, &chunks);
        let expected = [(2, 1, "oops"), (1, 0, "hello world")];
        assert_eq!(
            seen.iter()
                .map(|e| (e.at, e.first, e.text.as_str()))
                .collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn lines_that_do_not_match_belong_to_the_one_before() {
        let pieces = ["begin one\n", " at a\n", "\n", "begin two\n", "tail\n"];
        assert_eq!(
            texts(Some("^begin"), &pieces),
            ["begin one\n at a\n\n", "begin two\ntail\n"]
        );
        assert_eq!(texts(Some("^begin"), &["orphan\n", "begin\n"]), ["orphan\n", "begin\n"]);
    }

    #[test]
    fn gathered_lines_are_let_go_after_a_while() {
        let mut lines = Lines::new(Some(Regex::new("^begin").unwrap()));
        let mut seen = Vec::new();
        lines.take(&chunk(LogStream::Stdout, b"begin\n", 1_000), 7, &mut seen);
        lines.close_old(5_999, &mut seen);
        assert_eq!((lines.closes_in(5_999), seen.len()), (Some(1), 0));
        assert_eq!(lines.first_unfinished(), Some(7));
        lines.close_old(6_000, &mut seen);
        assert_eq!((lines.closes_in(6_000), seen.len()), (None, 1));
    }

    #[test]
    fn a_line_that_is_too_long_becomes_several_events_of_the_most_bytes() {
        let line = format!("{}\n", "x".repeat(MAX_EVENT + 10));
        for pieces in [
            vec![line.as_str()],
            line.as_bytes()
                .chunks(16_384)
                .map(|c| std::str::from_utf8(c).unwrap())
                .collect(),
        ] {
            let sizes: Vec<_> = texts(None, &pieces).iter().map(String::len).collect();
            assert_eq!(sizes, [MAX_EVENT, 10]);
        }
        assert_eq!(texts(None, &[&"x".repeat(MAX_EVENT), "\n"]).len(), 1);
    }

    #[test]
    fn no_character_is_cut() {
        let line = format!("{}é{}\n", "x".repeat(MAX_EVENT - 1), "y");
        let seen = texts(None, &[&line]);
        assert_eq!(seen.iter().map(String::len).collect::<Vec<_>>(), [MAX_EVENT - 1, 3]);
        let wrong = events(None, &[chunk(LogStream::Stdout, b"a\xffb\n", 1)]);
        assert_eq!(wrong[0].text, "a\u{fffd}b");
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_or_moved_however_output_is_cut_into_pieces(
            text in "[a-c\n]{0,400}", cuts in prop::collection::vec(1..40_usize, 1..40)
        ) {
            let mut pieces = Vec::new();
            let mut rest = text.as_str();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            let expected: Vec<_> = text.lines().filter(|line| !line.is_empty()).map(ToOwned::to_owned).collect();
            prop_assert_eq!(texts(None, &pieces), expected);
            // With a pattern every byte is there, empty lines too.
            let joined = texts(Some("^a"), &pieces).concat();
            prop_assert_eq!(joined.trim_end_matches('\n'), text.trim_end_matches('\n'));
        }
    }
}
