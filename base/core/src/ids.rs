//! Identifiers in the shapes AWS gives them, drawn from an injected source of randomness.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

/// Where random bytes come from; the binary injects the system's, tests a seeded one.
pub trait Entropy: Send + Sync + 'static {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// Draws identifiers; cheap to clone.
#[derive(Clone)]
pub struct Ids(Arc<dyn Entropy>);

impl std::fmt::Debug for Ids {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ids")
    }
}

const UPPER: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Ids {
    /// Draws from the given source.
    pub fn new(source: impl Entropy) -> Self {
        Self(Arc::new(source))
    }

    /// Draws the same identifiers every time for the same seed; for tests.
    pub fn seeded(seed: u64) -> Self {
        Self::new(Seeded(Mutex::new(seed)))
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.0.fill(&mut buffer);
        buffer
    }

    /// A lower-case version 4 UUID.
    pub fn uuid(&self) -> String {
        let mut b: [u8; 16] = self.bytes();
        b[6] = b[6] & 0x0f | 0x40;
        b[8] = b[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (at, byte) in b.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// Lower-case hexadecimal digits: 32 for an ECS task, 17 for EC2 resources.
    pub fn hex(&self, digits: usize) -> String {
        let mut text = String::with_capacity(digits + 16);
        while text.len() < digits {
            for byte in self.bytes::<16>() {
                let _ = write!(text, "{byte:02x}");
            }
        }
        text.truncate(digits);
        text
    }

    /// An EC2-style id: the prefix, a dash and 17 hexadecimal digits, such as `eni-0123456789abcdef0`.
    pub fn ec2(&self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// An IAM unique id: the four-letter prefix and 17 upper-case letters or digits, such as `AROA…`.
    pub fn iam(&self, prefix: &str) -> String {
        self.picked(prefix, UPPER, 17)
    }

    /// An access key id: the four-letter prefix (`AKIA`, `ASIA`) and 16 upper-case letters or digits.
    pub fn access_key(&self, prefix: &str) -> String {
        self.picked(prefix, UPPER, 16)
    }

    /// A secret access key: 40 characters of the base64 alphabet.
    pub fn secret_key(&self) -> String {
        self.picked("", BASE64, 40)
    }

    /// Decimal digits, the first one not zero: 19 of them in ECS deployment ids.
    pub fn decimal(&self, digits: usize) -> String {
        let mut text = self.picked("", b"123456789", 1);
        while text.len() < digits {
            text.push_str(&self.picked("", b"0123456789", 1));
        }
        text
    }

    /// `count` characters drawn evenly from the alphabet, after the prefix.
    pub fn picked(&self, prefix: &str, alphabet: &[u8], count: usize) -> String {
        let mut text = String::with_capacity(prefix.len() + count);
        text.push_str(prefix);
        // Bytes at or above the largest multiple of the alphabet's size are drawn again, so that no letter is favoured.
        let limit = 256 - 256 % alphabet.len().max(1);
        let mut left = count;
        while left > 0 {
            for byte in self.bytes::<32>() {
                if left > 0
                    && usize::from(byte) < limit
                    && let Some(letter) = alphabet.get(usize::from(byte) % alphabet.len())
                {
                    text.push(char::from(*letter));
                    left -= 1;
                }
            }
        }
        text
    }
}

/// A small deterministic generator (SplitMix64); for tests only, never for secrets.
struct Seeded(Mutex<u64>);

impl Entropy for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            for (to, from) in chunk.iter_mut().zip(z.to_le_bytes()) {
                *to = from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_shapes_of_aws() {
        let ids = Ids::seeded(1);
        let uuid = ids.uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(uuid.as_bytes()[14], b'4');
        assert_eq!(ids.hex(32).len(), 32);
        let eni = ids.ec2("eni");
        assert_eq!(eni.len(), 21);
        assert!(eni.starts_with("eni-0"));
        assert_eq!(ids.iam("AROA").len(), 21);
        assert_eq!(ids.access_key("ASIA").len(), 20);
        assert_eq!(ids.secret_key().len(), 40);
        let number = ids.decimal(19);
        assert_eq!(number.len(), 19);
        assert!(number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0'));
    }

    #[test]
    fn the_same_seed_gives_the_same_identifiers() {
        assert_eq!(Ids::seeded(7).uuid(), Ids::seeded(7).uuid());
        assert_ne!(Ids::seeded(7).uuid(), Ids::seeded(8).uuid());
    }
}
