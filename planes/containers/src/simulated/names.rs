//! Ids, digests and names of signals of simulated containers: the same in every run.

use std::fmt::Write as _;

use crate::spec::ContainerId;

/// The id of the `number`th container: as long as a real one, and the same in every run.
pub(super) fn id_text(number: u64) -> String {
    let mut text = format!("{number:016x}");
    let mut seed = number;
    for _ in 0..3 {
        seed = scramble(seed);
        let _ = write!(text, "{seed:016x}");
    }
    text
}

/// The number in an id; ids of other engines have none.
pub(super) fn number_of(id: &ContainerId) -> Option<u64> {
    let number = u64::from_str_radix(id.0.get(..16)?, 16).ok()?;
    (id_text(number) == id.0).then_some(number)
}

/// A digest that depends on nothing but the text.
pub(super) fn digest_of(text: &str) -> String {
    let mut seed = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut digest = "sha256:".to_owned();
    for _ in 0..4 {
        seed = scramble(seed);
        let _ = write!(digest, "{seed:016x}");
    }
    digest
}

fn scramble(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Signals from number 1 on.
const NAMES: [&str; 15] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
];

/// The name of a signal, or its number where it has none here.
pub(super) fn signal_name(signal: i32) -> String {
    let index = usize::try_from(signal).ok().and_then(|number| number.checked_sub(1));
    match index.and_then(|index| NAMES.get(index)) {
        Some(name) => format!("SIG{name}"),
        None => signal.to_string(),
    }
}

/// The number of a signal; real-time signals are not known.
pub(super) fn signal_number(name: &str) -> Option<i32> {
    if let Ok(number) = name.parse() {
        return (1..=64).contains(&number).then_some(number);
    }
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("SIG").unwrap_or(&upper);
    let index = NAMES.iter().position(|known| *known == bare)?;
    i32::try_from(index + 1).ok()
}
