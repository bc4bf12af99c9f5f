//! Tests made by generators whose behavior is known.

use super::*;
use crate::load::starts::Starts;

const MS: i64 = 1_000_000;

/// A closed loop of 10 users who pause for 90 ms after answers of 10 ms, for 10 s;
/// from 5 s on the system stands still for `stall` ms.
fn closed_loop(stall: i64) -> Starts {
    let mut starts = Starts::default();
    for user in 0..10 {
        let mut now = user * 10;
        while now < 10_000 {
            let waits = (5_000..5_000 + stall).contains(&now);
            let took = 10 + if waits { 5_000 + stall - now } else { 0 };
            starts.add(now * MS, took * MS, &user.to_string());
            starts.users(10.0);
            now += took + 90;
        }
    }
    starts
}

#[test]
fn a_silence_that_was_waited_through_is_told_with_its_figures() {
    assert_eq!(of_requests(&closed_loop(0).facts()), Vec::<String>::new());
    let told = of_requests(&closed_loop(2_000).facts());
    assert_eq!(told.len(), 1, "{told:?}");
    // Ten were begun within the first 90 ms of the stall; then all users waited.
    for part in [
        "from 1970-01-01T00:00:05.09Z on no request was begun for 2 s",
        "10 were under way",
        "about 204 that were left out the 95th percentile is 1.6 s",
        "instead of 10 ms",
    ] {
        assert!(told[0].contains(part), "{part}: {told:?}");
    }
}

#[test]
fn a_pause_that_nobody_waits_through_is_none() {
    let mut starts = closed_loop(0);
    for number in 0..500 {
        starts.add((15_000 + number * 10) * MS, 10 * MS, "0");
    }
    assert_eq!(of_requests(&starts.facts()), Vec::<String>::new());
}

#[test]
fn an_open_loop_goes_on_during_a_stall() {
    let mut starts = Starts::default();
    for number in 0..1_000_i64 {
        let now = number * 10;
        let waits = (5_000..7_000).contains(&now);
        let took = 10 + if waits { 7_000 - now } else { 0 };
        starts.add(now * MS, took * MS, "");
    }
    assert_eq!(of_requests(&starts.facts()), Vec::<String>::new());
}

#[test]
fn users_that_little_does_not_find_are_told() {
    let mut facts = closed_loop(0).facts();
    facts.users = Some(50.0);
    let told = of_requests(&facts);
    assert!(told[0].contains("there were 50 users"), "{told:?}");
    assert!(told[0].contains("typical pauses account for 9"), "{told:?}");
    facts.pause_s = None;
    let told = of_requests(&facts);
    assert!(told[0].contains("pauses cannot be seen"), "{told:?}");
    facts.users = Some(1.5);
    assert_eq!(of_requests(&facts), Vec::<String>::new());
}

/// 100 values of 20 ms a second, a stall of 3 s from 4 s on.
fn log(after: impl Fn(&mut Interval)) -> Vec<Interval> {
    let mut all: Vec<Interval> = (0..12)
        .map(|second| Interval {
            from: second * 1_000 * MS,
            length_s: 1.0,
            count: 100,
            sum_s: 2.0,
            max_s: 0.04,
        })
        .collect();
    for quiet in &mut all[4..7] {
        (quiet.count, quiet.sum_s, quiet.max_s) = (0, 0.0, 0.0);
    }
    after(&mut all[7]);
    all
}

#[test]
fn logs_are_blind_or_corrected() {
    assert_eq!(of_intervals(&log(|_| ())), None);
    let blind = of_intervals(&log(|it| {
        it.max_s = 3.0;
        it.sum_s += 6.0;
    }));
    assert!(blind.is_some_and(|it| it.contains("blind") && it.contains("300 were left out")));
    let corrected = of_intervals(&log(|it| {
        it.max_s = 3.0;
        // 2 values of 3 s with an expected interval of 20 ms.
        it.count += 300;
        it.sum_s += 2.0 * 3.0 * 3.0 / (2.0 * 0.02);
    }));
    assert!(corrected.is_some_and(|it| it.contains("are corrected")));
}
