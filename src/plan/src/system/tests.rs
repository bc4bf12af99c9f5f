//! Systems against values of textbooks, each other, and their limits.

use super::*;
use crate::solve::Service;
use crate::solve::closed::{self, Network, Speed};

fn station(capacity: f64, demand_s: f64) -> Station {
    Station {
        name: "cpu".to_owned(),
        host: String::new(),
        resource: Resource::Cpu,
        capacity,
        quota: None,
        allowed: capacity,
        background: 0.0,
        demand_s,
    }
}

fn system(stations: Vec<Station>, delay_s: f64, load: Load) -> System {
    System {
        stations,
        delays: vec![Delay {
            name: "others".to_owned(),
            seconds: delay_s,
        }],
        load,
        gate: Gate::default(),
        waits: 1.0,
    }
}

fn near(got: f64, want: f64) {
    assert!((got / want - 1.0).abs() < 1e-6, "{got} is not {want}");
}

#[test]
fn two_cores_and_a_disk_are_as_published() {
    // GNU Octave queueing, qncsmva with m = [2, 1], D = [10, 4] ms, Z = 20 ms.
    let stations = vec![station(2.0, 0.01), station(1.0, 0.004)];
    let expected = [
        (1.0, 29.411_764_71, 0.014),
        (2.0, 58.020_477_82, 0.014_470_59),
        (8.0, 169.167_159_62, 0.027_290_5),
        (32.0, 199.902_897_78, 0.140_077_72),
    ];
    for (users, throughput, response_s) in expected {
        let load = Load::Closed {
            users,
            think_s: 0.02,
        };
        let solved = solve(&system(stations.clone(), 0.0, load)).unwrap();
        near(solved.throughput, throughput);
        near(solved.response_s, response_s);
    }
}

#[test]
fn many_servers_that_are_nearly_full_keep_their_digits() {
    // Each of these was wrong by a factor while idle units were found by subtracting.
    type Case<'a> = (usize, f64, &'a [(u32, f64)]);
    let cases: [Case<'_>; 8] = [
        (1, 0.5, &[(16, 0.2)]),
        (3750, 4.216_46, &[(400, 0.237_57)]),
        (4000, 0.0, &[(400, 1.0)]),
        (1141, 1.3, &[(64, 0.0773), (1, 0.0012)]),
        (900, 0.1, &[(12, 0.02), (48, 0.08), (2, 0.003)]),
        (200, 0.0, &[(64, 0.5), (64, 0.5)]),
        (40, 2.0, &[(128, 0.5), (3, 0.05)]),
        (2000, 0.01, &[(1000, 0.3)]),
    ];
    for (users, think_s, servers) in cases {
        let stations = servers.iter();
        let stations = stations.map(|(servers, demand_s)| station(f64::from(*servers), *demand_s));
        let load = Load::Closed {
            users: users as f64,
            think_s,
        };
        let found = solve(&system(stations.collect(), 0.0, load)).unwrap();
        let network = Network {
            stations: servers
                .iter()
                .map(|(servers, demand_seconds)| closed::Station {
                    demand_seconds: *demand_seconds,
                    speed: Speed::Plain(Service::Servers(*servers)),
                })
                .collect(),
            think_seconds: think_s,
        };
        let expected = closed::solve(&network, users).unwrap();
        near(found.throughput, expected.throughput);
        near(found.response_s, expected.response_seconds);
        for (part, expected) in found.parts.iter().zip(&expected.stations) {
            assert!((part.queue - expected.present).abs() < 1e-6 * users as f64);
        }
    }
}

#[test]
fn a_part_of_a_processor_lies_between_the_whole_ones() {
    let at = |capacity| {
        let load = Load::Closed {
            users: 6.0,
            think_s: 0.05,
        };
        solve(&system(vec![station(capacity, 0.02)], 0.0, load)).unwrap()
    };
    let points: Vec<f64> = [0.5, 1.0, 1.25, 1.5, 1.75, 2.0, 3.0]
        .map(|it| at(it).throughput)
        .to_vec();
    assert!(points.windows(2).all(|it| it[0] < it[1]), "{points:?}");
    // A quarter of a processor serves one request in four times its demand.
    let load = Load::Closed {
        users: 1.0,
        think_s: 0.0,
    };
    let solved = solve(&system(vec![station(0.25, 0.02)], 0.0, load)).unwrap();
    near(solved.response_s, 0.08);
}

#[test]
fn open_stations_are_those_of_erlang() {
    // PDQ, PPDQ section 4.7: M/M/3 with a load of two.
    let solved = solve(&system(
        vec![station(3.0, 1.0)],
        0.0,
        Load::Open { rate: 2.0 },
    ))
    .unwrap();
    near(solved.response_s, 1.444_444_444);
    near(solved.active, 2.888_888_889);
    // M/M/1: R = S / (1 - U).
    let solved = solve(&system(
        vec![station(1.0, 0.5)],
        0.25,
        Load::Open { rate: 1.6 },
    ))
    .unwrap();
    near(solved.response_s, 0.25 + 0.5 / 0.2);
    let full = solve(&system(
        vec![station(1.0, 0.5)],
        0.0,
        Load::Open { rate: 2.0 },
    ));
    assert!(matches!(full, Err(Unsolvable::Overload { .. })), "{full:?}");
}

#[test]
fn many_users_who_think_long_ask_like_a_crowd() {
    let rate = 30.0;
    let open = solve(&system(vec![station(2.0, 0.05)], 0.01, Load::Open { rate })).unwrap();
    let users = 20_000.0;
    let load = Load::Closed {
        users,
        think_s: users / rate - open.response_s,
    };
    let closed = solve(&system(vec![station(2.0, 0.05)], 0.01, load)).unwrap();
    assert!((closed.response_s / open.response_s - 1.0).abs() < 0.01);
}

#[test]
fn a_large_pool_is_none_and_a_small_one_limits() {
    for load in [
        Load::Closed {
            users: 30.0,
            think_s: 0.2,
        },
        Load::Open { rate: 40.0 },
    ] {
        let mut plain = system(vec![station(2.0, 0.03), station(1.0, 0.01)], 0.1, load);
        let without = solve(&plain).unwrap();
        plain.gate.pool = Some(200.0);
        let large = solve(&plain).unwrap();
        assert!((large.throughput / without.throughput - 1.0).abs() < 1e-6);
        assert!((large.response_s / without.response_s - 1.0).abs() < 1e-5);
        plain.gate.pool = Some(7.0);
        let small = solve(&plain).unwrap();
        assert!(small.response_s > without.response_s);
    }
    // Gunther and Chawla: 300 threads of 444 ms, 400 users who do not think.
    let load = Load::Closed {
        users: 400.0,
        think_s: 0.0,
    };
    let mut tomcat = system(Vec::new(), 0.444, load);
    tomcat.gate.pool = Some(300.0);
    let solved = solve(&tomcat).unwrap();
    near(solved.throughput, 300.0 / 0.444);
    near(solved.response_s, 0.592);
}

#[test]
fn a_limit_of_the_rate_holds_and_says_what_it_sends_away() {
    let mut limited = system(vec![station(1.0, 0.001)], 0.0, Load::Open { rate: 900.0 });
    limited.gate.rate = Some(300.0);
    limited.gate.reject_demand_s = 0.0001;
    let solved = solve(&limited).unwrap();
    near(solved.throughput, 300.0);
    near(solved.rejected, 600.0);
    near(solved.parts[0].utilization, 0.36);
}

#[test]
fn predictions_stay_inside_the_bounds() {
    let mut random = analysis::stats::random::Random::new(7);
    for _ in 0..300 {
        let stations = (0..1 + random.below(3))
            .map(|_| station(0.3 + 8.0 * random.unit(), 0.001 + 0.05 * random.unit()))
            .collect();
        let users = 1.0 + random.below(80) as f64;
        let load = Load::Closed {
            users,
            think_s: random.unit(),
        };
        let system = system(stations, 0.1 * random.unit(), load);
        let (solved, bounds) = (solve(&system).unwrap(), bounds(&system));
        assert!(solved.throughput <= bounds.throughput_max * (1.0 + 1e-9));
        assert!(solved.response_s >= bounds.response_min_s * (1.0 - 1e-9));
        let little: f64 = solved.parts.iter().map(|it| it.queue).sum::<f64>()
            + solved.throughput * system.delay_s();
        assert!((little / solved.active - 1.0).abs() < 1e-6);
    }
}

#[test]
fn what_no_system_has_is_an_error() {
    for (capacity, demand_s, users) in [
        (0.0, 1.0, 1.0),
        (-1.0, 1.0, 1.0),
        (f64::NAN, 1.0, 1.0),
        (1.0, -1.0, 1.0),
        (1.0, f64::INFINITY, 1.0),
        (1.0, 1.0, 0.0),
        (1.0, 1.0, 1e9),
    ] {
        let load = Load::Closed {
            users,
            think_s: 0.0,
        };
        let solved = solve(&system(vec![station(capacity, demand_s)], 0.0, load));
        assert!(
            matches!(solved, Err(Unsolvable::Number { .. })),
            "{solved:?}"
        );
    }
}
