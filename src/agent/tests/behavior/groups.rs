//! Control groups that come and go by the hundred thousand: numbers of series are
//! given to others, and no reader ever sees a value under another group's name.

use std::collections::{HashMap, VecDeque};

use agent::engine::Engine;
use agent::feed::Feed;
use agent::sink::{Sink, Slot};
use agent::source::{Cadence, Source};
use model::event::EventKind;
use wire::decode::{Decoder, Said};
use wire::frame::{Found, frames};

use crate::reader::{drain, hello};
use crate::sources::{SECOND_NS, clock, engine, opened, run};

/// Groups that come, and go, in a second.
const EACH_SECOND: u64 = 50;

/// Seconds a group lives.
const LIVES: usize = 10;

/// Memory of the ring: about a minute of this crowd.
const RING_BYTES: usize = 1 << 20;

/// Groups whose every value tells whose it is.
#[derive(Default)]
struct Groups {
    next: u64,
    alive: VecDeque<Vec<(u64, Slot)>>,
}

impl Source for Groups {
    fn read(&mut self, sink: &mut Sink) {
        if self.alive.len() == LIVES {
            for (_, slot) in self.alive.pop_front().unwrap_or_default() {
                sink.retire(slot);
            }
        }
        let numbers = self.next..self.next + EACH_SECOND;
        self.next = numbers.end;
        let come = numbers.map(|number| {
            let name = format!("/g{number}");
            let slot = sink.declare("cgroup.memory.usage", &[("cgroup", &name)], 1);
            (number, slot)
        });
        self.alive.push_back(come.collect());
        for (number, slot) in self.alive.iter().flatten() {
            sink.set(*slot, *number as i64);
        }
    }
}

/// A reader that knows series by their latest declaration.
struct Names {
    decoder: Decoder,
    known: HashMap<u32, String>,
    /// Samples seen of each group.
    seen: HashMap<u64, usize>,
    missing: Vec<String>,
}

impl Names {
    fn new() -> Self {
        Self {
            decoder: Decoder::default(),
            known: HashMap::new(),
            seen: HashMap::new(),
            missing: Vec::new(),
        }
    }

    fn read(&mut self, bytes: &[u8]) {
        for found in frames(bytes) {
            let Found::Frame(frame) = found else {
                panic!("damage: {found:?}");
            };
            match self.decoder.accept(&frame) {
                Ok(Said::Series(series)) => {
                    let named = series.into_iter().filter_map(|(id, it)| {
                        Some((id.0, it.key.attribute("cgroup")?.to_owned()))
                    });
                    self.known.extend(named);
                }
                Ok(Said::Batch(batch)) => {
                    for (id, value) in batch.values {
                        let Some(name) = self.known.get(&id.0) else {
                            continue;
                        };
                        assert_eq!(*name, format!("/g{value}"), "at {}", batch.at);
                        *self.seen.entry(value as u64).or_default() += 1;
                    }
                }
                Ok(Said::Event(event)) if event.kind == EventKind::Missing => {
                    self.missing.push(event.line());
                }
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn replayed(engine: &Engine) -> Names {
    let mut feed = Feed::new(hello());
    drain(engine, &mut feed);
    feed.replay(0, hello());
    let mut names = Names::new();
    names.read(&drain(engine, &mut feed));
    names
}

#[test]
fn two_hundred_thousand_groups_come_and_go_and_none_is_lost_or_mixed() {
    const SECONDS: i64 = 4_000;
    let clock = clock();
    let sources = vec![opened("cgroup", Cadence::Base, Groups::default())];
    let mut engine = engine(sources, SECOND_NS, RING_BYTES, &clock);
    let (mut live, mut slow) = (Feed::new(hello()), Feed::new(hello()));
    let (mut all, mut some) = (Names::new(), Names::new());
    for second in (0..SECONDS).step_by(20) {
        run(&mut engine, &clock, 20 * SECOND_NS);
        all.read(&drain(&engine, &mut live));
        if second % 500 == 0 {
            some.read(&drain(&engine, &mut slow));
            let replay = replayed(&engine);
            assert_eq!(replay.missing, Vec::<String>::new());
            assert!(replay.seen.len() >= 1_000, "{}", replay.seen.len());
        }
    }
    assert_eq!(all.missing, Vec::<String>::new());
    let groups = EACH_SECOND * SECONDS as u64;
    assert_eq!(groups, 200_000);
    assert_eq!(all.seen.len() as u64, groups);
    let whole = groups - EACH_SECOND * LIVES as u64;
    assert!((0..whole).all(|number| all.seen[&number] == LIVES));
    assert!(
        some.missing.len() > 5,
        "the slow reader is told of its gaps"
    );
    let numbers = engine.sink().declared().len();
    assert!(
        numbers < 16_000,
        "{numbers} numbers for 500 groups at a time"
    );
    assert!(all.known.len() <= numbers);
}

#[test]
fn a_group_that_comes_back_has_its_number_again() {
    struct Restarts(Option<Slot>);
    impl Source for Restarts {
        fn read(&mut self, sink: &mut Sink) {
            if let Some(slot) = self.0.take() {
                sink.retire(slot);
            }
            let slot = sink.declare("cgroup.memory.usage", &[("cgroup", "/job")], 1);
            sink.set(slot, 7);
            self.0 = Some(slot);
        }
    }
    let clock = clock();
    let sources = vec![opened("cgroup", Cadence::Base, Restarts(None))];
    let mut engine = engine(sources, SECOND_NS, RING_BYTES, &clock);
    let before = engine.sink().declared().len();
    run(&mut engine, &clock, 1_000 * SECOND_NS);
    assert_eq!(engine.sink().declared().len(), before + 1);
}

#[test]
fn more_series_than_a_stream_may_have_are_told_and_cost_no_memory() {
    struct Crowd(bool);
    impl Source for Crowd {
        fn read(&mut self, sink: &mut Sink) {
            for number in 0..70_000_u32 {
                if !self.0 {
                    let name = number.to_string();
                    let slot = sink.declare("cgroup.memory.usage", &[("cgroup", &name)], 1);
                    sink.set(slot, 7);
                }
            }
            self.0 = true;
        }
    }
    let clock = clock();
    let sources = vec![opened("cgroup", Cadence::Base, Crowd(false))];
    let mut engine = engine(sources, SECOND_NS, 8 << 20, &clock);
    run(&mut engine, &clock, 3 * SECOND_NS);
    assert_eq!(engine.sink().declared().len(), wire::decode::SERIES_MAX);
    let mut names = Names::new();
    let mut feed = Feed::new(hello());
    let mut bytes = Vec::new();
    assert!(feed.take(&engine, &mut bytes, 1 << 20).is_ok());
    bytes.extend(drain(&engine, &mut feed));
    for found in frames(&bytes) {
        if let Found::Frame(frame) = found
            && let Ok(Said::Event(event)) = names.decoder.accept(&frame)
        {
            names.missing.push(event.line());
        }
    }
    assert_eq!(names.missing.len(), 1, "{:?}", names.missing);
    assert!(names.missing[0].starts_with("more than 65536 series"));
}
