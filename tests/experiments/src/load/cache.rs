//! Readers of a cache: a key is looked up, and put there where it is missing.
//!
//! Keys follow Zipf's law and come at random moments at a rate, so that what a cache holds
//! is told by its size alone.
//!
//! # Source
//!
//! Redis serialization protocol, RESP2.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::Load;
use crate::draw::{Draw, Zipf};
use crate::hear::Ear;
use crate::meter::unix_s;
use crate::sample::Sample;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Asked {
    /// Number of keys.
    pub(crate) keys: usize,
    /// Exponent of their popularity.
    pub(crate) exponent: f64,
    /// Bytes of a value.
    pub(crate) value_bytes: usize,
    /// Requests a second.
    pub(crate) rate: f64,
    /// Requests without a pause before, so that the cache is as full as it gets.
    pub(crate) fill: usize,
}

/// One request of the cache.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Look {
    /// When it was answered, seconds since the Unix epoch.
    pub(crate) end_s: f64,
    /// How long that took, seconds.
    pub(crate) wait_s: f64,
    /// Which key.
    pub(crate) key: u32,
    /// Whether it was there.
    pub(crate) hit: bool,
}

/// A connection to the cache.
pub(crate) struct Talk {
    stream: BufReader<TcpStream>,
}

/// Longest answer.
const ANSWER_MAX_BYTES: usize = 16 << 20;

impl Talk {
    /// Connects.
    pub(crate) fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(|it| format!("{address}: {it}"))?;
        stream.set_nodelay(true).map_err(|it| it.to_string())?;
        let patience = Some(Duration::from_millis(10_000));
        stream
            .set_read_timeout(patience)
            .map_err(|it| it.to_string())?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a command and gives its text; `None` where there is nothing.
    pub(crate) fn ask(&mut self, words: &[&[u8]]) -> Result<Option<Vec<u8>>, String> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend(format!("${}\r\n", word.len()).into_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        let sent = self.stream.get_mut().write_all(&request);
        sent.map_err(|it| format!("redis does not listen: {it}"))?;
        answer(&mut self.stream)
    }

    /// A number of one of the sections that redis tells of itself.
    pub(crate) fn told(&mut self, section: &str, name: &str) -> Result<f64, String> {
        let text = self
            .ask(&[b"INFO", section.as_bytes()])?
            .unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut lines = text.lines().filter_map(|it| it.split_once(':'));
        let value = lines.find(|it| it.0 == name).map(|it| it.1.trim());
        let value = value.and_then(|it| it.parse().ok());
        value.ok_or_else(|| format!("redis tells no {name}"))
    }

    /// Number of keys that it holds.
    pub(crate) fn entries(&mut self) -> Result<f64, String> {
        let text = self.ask(&[b"DBSIZE"])?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        text.parse()
            .map_err(|_| "redis tells no number of keys".to_owned())
    }

    fn look_up(&mut self, key: usize, value: &[u8]) -> Result<bool, String> {
        let name = format!("key:{key}");
        let hit = self.ask(&[b"GET", name.as_bytes()])?.is_some();
        if !hit {
            self.ask(&[b"SET", name.as_bytes(), value])?;
        }
        Ok(hit)
    }
}

/// Reads an answer that is no list.
fn answer(stream: &mut impl BufRead) -> Result<Option<Vec<u8>>, String> {
    let gone = |it: std::io::Error| format!("redis does not answer: {it}");
    let mut line = String::new();
    stream.read_line(&mut line).map_err(gone)?;
    let line = line.trim_end();
    let (kind, rest) = line.split_at_checked(1).unwrap_or_default();
    match kind {
        "+" | ":" => Ok(Some(rest.as_bytes().to_vec())),
        "-" => Err(format!("redis refuses: {rest}")),
        "$" => {
            let length: i64 = rest.parse().map_err(|_| "redis tells no length")?;
            let Ok(length) = usize::try_from(length) else {
                return Ok(None);
            };
            if length > ANSWER_MAX_BYTES {
                return Err("an answer without end".to_owned());
            }
            let mut bytes = vec![0; length + 2];
            stream.read_exact(&mut bytes).map_err(gone)?;
            bytes.truncate(length);
            Ok(Some(bytes))
        }
        _ => Err(format!("redis answers {line:?}")),
    }
}

/// Readers that read.
pub(crate) struct Cache {
    reader: Option<JoinHandle<Result<Vec<Look>, String>>>,
    ended: Arc<AtomicBool>,
    looks: Arc<std::sync::Mutex<Vec<Look>>>,
}

/// How often numbers are passed on.
const TELL_EVERY: Duration = Duration::from_millis(200);

impl Cache {
    /// Fills the cache, then asks it at the rate; what was looked up goes to `looks` when
    /// it is finished.
    pub(crate) fn start(
        address: SocketAddr,
        asked: Asked,
        seed: u64,
        (ear, looks): (&Arc<Ear>, &Arc<std::sync::Mutex<Vec<Look>>>),
    ) -> Result<Self, String> {
        let mut talk = Talk::open(address)?;
        let zipf = Zipf::new(asked.keys, asked.exponent);
        let mut draw = Draw::of(seed, "keys");
        let value = vec![b'v'; asked.value_bytes];
        let mut all = Vec::with_capacity(asked.fill);
        for _ in 0..asked.fill {
            let key = zipf.next(&mut draw);
            let hit = talk.look_up(key, &value)?;
            all.push(Look {
                end_s: unix_s(),
                wait_s: 0.0,
                key: key as u32,
                hit,
            });
        }
        let ended = Arc::new(AtomicBool::new(false));
        let (over, ear) = (Arc::clone(&ended), Arc::clone(ear));
        let reader = std::thread::spawn(move || {
            let mut told = Vec::new();
            let mut due = Instant::now();
            let mut tell = due + TELL_EVERY;
            while !over.load(Ordering::Relaxed) {
                due += Duration::from_secs_f64(draw.exponential(1.0 / asked.rate));
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let key = zipf.next(&mut draw);
                let hit = talk.look_up(key, &value)?;
                let (end_s, wait_s) = (unix_s(), due.elapsed().as_secs_f64());
                all.push(Look {
                    end_s,
                    wait_s,
                    key: key as u32,
                    hit,
                });
                told.push(Sample {
                    end_s,
                    wait_s,
                    served: true,
                });
                if Instant::now() > tell {
                    tell += TELL_EVERY;
                    pass_on(&ear, &told, &all)?;
                    told.clear();
                }
            }
            pass_on(&ear, &told, &all)?;
            Ok(all)
        });
        Ok(Self {
            reader: Some(reader),
            ended,
            looks: Arc::clone(looks),
        })
    }
}

/// Passes requests on, and the share of the last second's that were hits.
fn pass_on(ear: &Ear, told: &[Sample], all: &[Look]) -> Result<(), String> {
    ear.requests(told, "GET /key")?;
    let last = all.last().map_or(0.0, |it| it.end_s);
    let recent = all.iter().rev().take_while(|it| it.end_s > last - 1.0);
    let (hits, count) = recent.fold((0, 0), |(hits, count), it| {
        (hits + u32::from(it.hit), count + 1)
    });
    if count > 0 {
        ear.gauge("cache.hit_ratio", f64::from(hits) / f64::from(count));
    }
    Ok(())
}

impl Load for Cache {
    fn finish(mut self: Box<Self>) -> Result<Vec<Sample>, String> {
        self.ended.store(true, Ordering::Relaxed);
        let reader = self.reader.take().ok_or("nobody reads")?;
        let all = reader.join().map_err(|_| "a reader is lost")??;
        let samples = all.iter().map(|it| Sample {
            end_s: it.end_s,
            wait_s: it.wait_s,
            served: true,
        });
        let samples = samples.collect();
        let mut looks = self.looks.lock().map_err(|_| "a reader is lost")?;
        *looks = all;
        Ok(samples)
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let mut stream = BufReader::new(&b"$-1\r\n$3\r\na\r\n\r\n+OK\r\n:7\r\n-ERR no\r\n"[..]);
        assert_eq!(answer(&mut stream), Ok(None));
        assert_eq!(answer(&mut stream), Ok(Some(b"a\r\n".to_vec())));
        assert_eq!(answer(&mut stream), Ok(Some(b"OK".to_vec())));
        assert_eq!(answer(&mut stream), Ok(Some(b"7".to_vec())));
        assert_eq!(answer(&mut stream), Err("redis refuses: ERR no".to_owned()));
    }
}
