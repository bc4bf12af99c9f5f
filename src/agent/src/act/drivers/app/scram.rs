//! The client's half of SCRAM-SHA-256, by which Postgres asks for a password.
//!
//! # Source
//!
//! RFC 5802 and RFC 7677; PostgreSQL documentation, "SASL Authentication".

use sha2::{Digest, Sha256};

use crate::act::world::Trouble;

/// Rounds that a server may ask for; more would hold the agent up.
const ROUNDS_MAX: u32 = 100_000;

/// Begin of every message without channel binding, and the same in Base64.
const NO_BINDING: &str = "n,,";
const NO_BINDING_64: &str = "biws";

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// An exchange that is under way.
pub(super) struct Scram {
    password: String,
    nonce: String,
    proof_of_server: Option<String>,
}

impl Scram {
    /// Begins; returns the first message too.
    pub(super) fn begin(password: &str) -> Result<(Self, String), Trouble> {
        let mut random = [0; 18];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
            .map_err(|error| Trouble::Failed(format!("no random numbers: {error}")))?;
        Ok(Self::with(password, encoded(&random)))
    }

    fn with(password: &str, nonce: String) -> (Self, String) {
        let first = format!("{NO_BINDING}n=,r={nonce}");
        let scram = Self {
            password: password.to_owned(),
            nonce,
            proof_of_server: None,
        };
        (scram, first)
    }

    /// The last message, after the server's first.
    pub(super) fn answer(&mut self, said: &str) -> Option<String> {
        let field = |name: &str| {
            let mut fields = said.split(',');
            fields.find_map(|it| it.strip_prefix(name)?.strip_prefix('='))
        };
        let nonce = field("r").filter(|it| it.starts_with(&self.nonce))?;
        let salt = decoded(field("s")?)?;
        let rounds: u32 = field("i")?.parse().ok()?;
        if !(1..=ROUNDS_MAX).contains(&rounds) {
            return None;
        }
        let salted = stretched(self.password.as_bytes(), &salt, rounds);
        let client_key = keyed(&salted, &[b"Client Key"]);
        let stored: [u8; 32] = Sha256::digest(client_key).into();
        let bare = format!("c={NO_BINDING_64},r={nonce}");
        let all = format!("n=,r={},{said},{bare}", self.nonce);
        let signature = keyed(&stored, &[all.as_bytes()]);
        let proof: Vec<u8> = client_key
            .iter()
            .zip(signature)
            .map(|(a, b)| a ^ b)
            .collect();
        let server_key = keyed(&salted, &[b"Server Key"]);
        self.proof_of_server = Some(encoded(&keyed(&server_key, &[all.as_bytes()])));
        Some(format!("{bare},p={}", encoded(&proof)))
    }

    /// Whether the server proved that it knows the password too.
    pub(super) fn believes(&self, said: &str) -> bool {
        let told = said.strip_prefix("v=");
        told.is_some() && told == self.proof_of_server.as_deref()
    }
}

/// HMAC-SHA-256 (RFC 2104).
fn keyed(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut inner = Sha256::new();
    inner.update(block.map(|it| it ^ 0x36));
    for part in parts {
        inner.update(part);
    }
    let mut outer = Sha256::new();
    outer.update(block.map(|it| it ^ 0x5c));
    outer.update(inner.finalize());
    outer.finalize().into()
}

/// PBKDF2 with one block (RFC 8018).
fn stretched(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let mut last = keyed(password, &[salt, &1_u32.to_be_bytes()]);
    let mut sum = last;
    for _ in 1..rounds {
        last = keyed(password, &[&last]);
        for (sum, byte) in sum.iter_mut().zip(last) {
            *sum ^= byte;
        }
    }
    sum
}

/// Base64 (RFC 4648).
fn encoded(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0_u8; 4];
        group[1..=chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes(group);
        for place in 0..4 {
            let digit = (number >> (18 - 6 * place)) as usize & 63;
            let padding = place > chunk.len();
            text.push(if padding {
                '='
            } else {
                ALPHABET[digit] as char
            });
        }
    }
    text
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = ALPHABET.iter().position(|it| *it == digit)?;
        bits = bits << 6 | value as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3, but for the user's name, which Postgres leaves
    /// empty; so only the parts that do not hang on it are held against it.
    #[test]
    fn the_parts_are_those_of_the_standard() {
        let salt = decoded("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        assert_eq!(encoded(&salt), "W22ZaJ0SNY7soEsUEjb6gQ==");
        let salted = stretched(b"pencil", &salt, 4096);
        let client_key = keyed(&salted, &[b"Client Key"]);
        let stored: [u8; 32] = Sha256::digest(client_key).into();
        let all = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = keyed(&stored, &[all.as_bytes()]);
        let proof: Vec<u8> = client_key
            .iter()
            .zip(signature)
            .map(|(a, b)| a ^ b)
            .collect();
        assert_eq!(
            encoded(&proof),
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
    }

    #[test]
    fn a_server_with_another_nonce_is_not_answered() {
        let (mut scram, first) = Scram::with("p", "abc".to_owned());
        assert_eq!(first, "n,,n=,r=abc");
        assert_eq!(scram.answer("r=xyz,s=AAAA,i=4096"), None);
        assert_eq!(scram.answer("r=abcdef,s=AAAA,i=999999999"), None);
        assert!(scram.answer("r=abcdef,s=AAAA,i=2").is_some());
        assert!(!scram.believes("v=AAAA"));
    }
}
