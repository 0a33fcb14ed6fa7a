//! Codes that a person types, and the seals by which they are known again.
//!
//! A seal is a hash over the code, a salt, and sixteen random bits that are kept nowhere. Who makes one pays one hash;
//! who looks for a code pays 65,536, and who tries all codes some twenty thousand million. It keeps an agent that
//! reads the file from reading the code; it does not keep a program of the same user from working for hours.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::hex;

/// No two of these look or sound alike: without B, I, L, O, S, U, Z, 0, 1, 2, 5 and 8.
const LETTERS: &[u8; 24] = b"ACDEFGHJKMNPQRTVWXY34679";
const LENGTH: usize = 4;

/// What the person types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code([u8; LENGTH]);

/// What is kept of a code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seal {
    salt: String,
    hash: String,
}

impl Code {
    /// A new one; `None` when the system has no random bytes to give.
    pub fn new() -> Option<Self> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).ok()?;
        // 240 is the largest multiple of 24 in a byte: above it letters would not be equally likely.
        let mut letters = random.iter().filter(|byte| **byte < 240);
        let mut code = [0; LENGTH];
        for place in &mut code {
            *place = *LETTERS.get(usize::from(letters.next()? % 24))?;
        }
        Some(Self(code))
    }

    /// The code that `text` is, in capitals or not.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; LENGTH] = text.to_ascii_uppercase().into_bytes().try_into().ok()?;
        code.iter().all(|letter| LETTERS.contains(letter)).then_some(Self(code))
    }

    /// A seal of it; `None` when the system has no random bytes to give.
    pub fn seal(&self) -> Option<Seal> {
        let mut random = [0; 10];
        getrandom::fill(&mut random).ok()?;
        let (salt, pepper) = random.split_at_checked(8)?;
        let salt = hex(salt);
        let pepper = u16::from_le_bytes(pepper.try_into().ok()?);
        let hash = hex(&digest(&prefix(&salt, self), pepper));
        Some(Seal { salt, hash })
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or_default())
    }
}

impl Seal {
    /// Whether it is the seal of `code`.
    pub fn fits(&self, code: &Code) -> bool {
        let prefix = prefix(&self.salt, code);
        let Some(wanted) = bytes(&self.hash) else { return false };
        (0..=u16::MAX).any(|pepper| digest(&prefix, pepper) == wanted)
    }

    /// As text: `SALT:HASH`.
    pub fn to_text(&self) -> String {
        format!("{}:{}", self.salt, self.hash)
    }

    /// From text.
    pub fn parse(text: &str) -> Option<Self> {
        let (salt, hash) = text.split_once(':')?;
        Some(Self { salt: salt.to_owned(), hash: hash.to_owned() })
    }
}

fn prefix(salt: &str, code: &Code) -> Sha256 {
    let mut hash = Sha256::new();
    hash.update(salt.as_bytes());
    hash.update(code.0);
    hash
}

fn digest(prefix: &Sha256, pepper: u16) -> [u8; 32] {
    let mut hash = prefix.clone();
    hash.update(pepper.to_le_bytes());
    hash.finalize().into()
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_four_letters_and_is_read_in_any_case() {
        for _ in 0..200 {
            let code = Code::new().unwrap();
            assert_eq!(Code::parse(&code.to_string().to_lowercase()), Some(code));
        }
        for text in ["", "K7Q", "K7QDD", "K7Q0", "KI7Q", "K7 Q", "K7Qß", "öö"] {
            assert_eq!(Code::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_seal_fits_its_code_only_and_two_seals_of_a_code_differ() {
        let (code, other) = (Code::parse("K7QD").unwrap(), Code::parse("K7QE").unwrap());
        let seal = Seal::parse(&code.seal().unwrap().to_text()).unwrap();
        assert!(seal.fits(&code));
        assert!(!seal.fits(&other));
        assert_ne!(seal, code.seal().unwrap());
        assert!(!Seal::default().fits(&code));
    }
}
