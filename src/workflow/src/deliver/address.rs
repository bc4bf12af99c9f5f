//! Web addresses, and what may be told of them: the path of a webhook is often its secret.
//!
//! * Never: tells user, password, path or query of an address.
//!
//! Start at [`name`].

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::records::hex;

/// Bytes of the hash that tells two addresses of one host apart.
const HASH_BYTES: usize = 4;

/// What stands for what is not told.
const HIDDEN: &str = "…";

/// A shorter part of an address hides nothing, and would hide half of every sentence.
const HIDDEN_LEAST: usize = 4;

/// An address in its parts, as far as it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts<'a> {
    scheme: &'a str,
    user: &'a str,
    /// Host and port.
    place: &'a str,
    /// Path, query and fragment.
    rest: &'a str,
}

fn parts(url: &str) -> Parts<'_> {
    let (scheme, after) = url.split_once("://").unwrap_or(("", url));
    let end = after.find(['/', '?', '#', '\\']).unwrap_or(after.len());
    let (authority, rest) = after.split_at(end);
    let (user, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    Parts {
        scheme,
        user,
        place,
        rest,
    }
}

/// What an address is called in records and messages: scheme, host and port, and a short
/// hash of all of it.
pub(super) fn name(url: &str) -> String {
    let Parts { scheme, place, .. } = parts(url);
    let hash = hex(&Sha256::digest(url)[..HASH_BYTES]);
    format!("{scheme}://{place} #{hash}")
}

/// A text, such as the answer of a receiver, without what it repeats of an address.
pub(super) fn without(url: &str, text: &str) -> String {
    let Parts { user, rest, .. } = parts(url);
    let own = [url, user, rest].into_iter();
    let pieces = rest.split(['/', '?', '#', '&', '=']).chain(user.split(':'));
    let mut told = text.to_owned();
    for secret in own.chain(pieces).filter(|it| it.len() >= HIDDEN_LEAST) {
        told = told.replace(secret, HIDDEN);
    }
    told
}

/// Whether an address is of this machine.
pub(super) fn is_local(url: &str) -> bool {
    let place = parts(url).place;
    let host = match place.rsplit_once(':') {
        Some((host, port)) if port.parse::<u16>().is_ok() => host,
        _ => place,
    };
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let number: Result<IpAddr, _> = bare.unwrap_or(host).parse();
    host.eq_ignore_ascii_case("localhost") || number.is_ok_and(|it| it.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_an_address_are_in_no_name() {
        for (url, begins) in [
            (
                "https://hooks.example/services/T00/B00/SECRET",
                "https://hooks.example #",
            ),
            (
                "https://me:SECRET@hooks.example:8443/x",
                "https://hooks.example:8443 #",
            ),
            (
                "http://[::1]:9/hook?token=SECRET#SECRET",
                "http://[::1]:9 #",
            ),
            ("https://hooks.example?SECRET", "https://hooks.example #"),
        ] {
            let name = name(url);
            assert!(name.starts_with(begins), "{name}");
            assert!(!name.contains("SECRET"), "{name}");
            let told = without(url, &format!("no {url}, no SECRET, not here"));
            assert!(!told.contains("SECRET"), "{told}");
            assert!(told.ends_with("not here"), "{told}");
        }
        let (one, other) = (name("https://a.example/1"), name("https://a.example/2"));
        assert_ne!(one, other, "two addresses of one host");
    }

    #[test]
    fn this_machine_is_known_by_its_addresses() {
        for url in [
            "http://127.0.0.1:8080/x",
            "http://127.8.0.1",
            "http://localhost",
            "https://LOCALHOST:1/",
            "http://[::1]:1/",
            "http://me@[::1]/",
        ] {
            assert!(is_local(url), "{url}");
        }
        for url in [
            "http://127.0.0.1.a.example/",
            "http://127.0.0.1@a.example/",
            "http://localhost.example",
            "http://a.example\\@localhost/",
            "http://",
        ] {
            assert!(!is_local(url), "{url}");
        }
    }
}
