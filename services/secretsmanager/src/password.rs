//! Random passwords.

use roadstead_core::Ids;
use roadstead_kernel::Result;

use crate::error::invalid;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// What a password is made of.
pub struct Wanted<'a> {
    /// How many characters.
    pub length: usize,
    /// Characters that it may not have.
    pub without: &'a str,
    /// The types of characters that it may have: lower case, upper case, digits, punctuation.
    pub types: [bool; 4],
    /// Whether it may have spaces.
    pub space: bool,
    /// Whether it must have at least one of each type.
    pub each: bool,
}

/// Draws a password. Errors: `InvalidParameterException` where nothing is left to draw from, or it is too short.
pub fn draw(ids: &Ids, wanted: &Wanted<'_>) -> Result<String> {
    let all = [LOWER, UPPER, DIGITS, PUNCTUATION].into_iter().zip(wanted.types);
    let asked = all.filter(|(_, is_asked)| *is_asked).map(|(characters, _)| characters);
    let left = |characters: &str| -> Vec<u8> {
        let kept = characters.chars().filter(|c| !wanted.without.contains(*c));
        kept.filter_map(|c| u8::try_from(c).ok()).collect()
    };
    let mut sets: Vec<Vec<u8>> = asked.chain(wanted.space.then_some(" ")).map(left).collect();
    sets.retain(|set| !set.is_empty());
    let pool: Vec<u8> = sets.concat();
    if pool.is_empty() {
        return Err(invalid(
            "The password has no characters to be made of: all of them are excluded.",
        ));
    }
    let mut drawn = ids.picked("", &pool, wanted.length).into_bytes();
    if wanted.each {
        if sets.len() > wanted.length {
            return Err(invalid(
                "The password length is too short for one character of each type.",
            ));
        }
        // One of each type, at places that are drawn: the first ones of a shuffled list.
        let mut places: Vec<usize> = (0..wanted.length).collect();
        for (at, set) in sets.iter().enumerate() {
            let rest = wanted.length - at;
            let chosen = usize::try_from(u64::from_le_bytes(ids.bytes()) % (rest as u64)).unwrap_or_default();
            places.swap(at, at + chosen);
            let picked = ids.picked("", set, 1).into_bytes();
            if let (Some(place), Some(byte)) = (places.get(at), picked.first())
                && let Some(slot) = drawn.get_mut(*place)
            {
                *slot = *byte;
            }
        }
    }
    Ok(drawn.into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(length: usize, without: &str, types: [bool; 4], space: bool, each: bool) -> Option<String> {
        let wanted = Wanted {
            length,
            without,
            types,
            space,
            each,
        };
        draw(&Ids::seeded(9), &wanted).ok()
    }

    #[test]
    fn a_password_has_one_of_each_type_and_nothing_else() {
        for length in [4, 5, 32, 4096] {
            let made = check(length, "aZ", [true; 4], false, true).unwrap();
            assert_eq!(made.len(), length);
            for set in [LOWER, UPPER, DIGITS, PUNCTUATION] {
                assert!(made.chars().any(|c| set.contains(c)), "{made}");
            }
            assert!(!made.contains(['a', 'Z', ' ']));
        }
        let digits = check(50, "", [false, false, true, false], false, false).unwrap();
        assert!(digits.chars().all(|c| c.is_ascii_digit()));
        assert!(check(3, "", [true; 4], false, true).is_none());
        assert!(check(10, DIGITS, [false, false, true, false], false, true).is_none());
        assert!(check(200, "", [true; 4], true, true).unwrap().contains(' '));
    }
}
