//! Signed integers in as few bytes as they need.
//!
//! Differences between two samples are mostly zero or small; a zigzag varint
//! keeps them in one or two bytes.

/// Longest varint of 64 bits.
pub const MAX_BYTES: usize = 10;

/// Appends an unsigned integer, seven bits a byte, lowest first.
pub fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed integer by its zigzag form.
pub fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Takes an unsigned integer off the front of `bytes`; `None` when cut or too long.
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for place in 0..MAX_BYTES {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(first & 0x7f);
        if place == MAX_BYTES - 1 && bits > 1 {
            return None;
        }
        value |= bits << (7 * place);
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Takes a signed integer off the front of `bytes`.
pub fn take_signed(bytes: &mut &[u8]) -> Option<i64> {
    let raw = take(bytes)?;
    Some((raw >> 1) as i64 ^ -((raw & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_come_back() {
        for value in [0, 1, -1, 63, -64, 64, 1 << 40, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            put_signed(&mut out, value);
            let mut rest = out.as_slice();
            assert_eq!(take_signed(&mut rest), Some(value));
            assert!(rest.is_empty());
            assert_eq!(take_signed(&mut &out[..out.len() - 1]), None);
        }
        assert_eq!(take(&mut [0xff; 12].as_slice()), None);
    }
}
