//! Open stations and networks against simulation, limits and direct sums.

use analysis::stats::random::Random;
use plan::solve::general::{self, Moments, Order};
use plan::solve::queue::{self, Limited, Load};
use plan::solve::{Service, SolveError, deterministic, open};

use super::simulation::{self, Line, Shape};
use super::{close, magnitude};

/// Mean number present in a chain of births and deaths, by adding up its states.
fn present(rate: f64, speed: impl Fn(usize) -> f64, states: usize) -> f64 {
    let (mut weight, mut sum, mut counted) = (1.0, 1.0, 0.0);
    for n in 1..=states {
        weight *= rate / speed(n);
        sum += weight;
        counted += n as f64 * weight;
    }
    counted / sum
}

#[test]
fn many_servers_are_what_their_states_add_up_to() {
    for servers in [1_u32, 2, 3, 10, 50] {
        for busy in [0.05, 0.4, 0.8, 0.95] {
            let load = Load {
                rate: busy * f64::from(servers) / 0.3,
                service_seconds: 0.3,
                servers,
            };
            let speed = |n: usize| n.min(servers as usize) as f64 / 0.3;
            let truth = present(load.rate, speed, 3_000);
            let solved = queue::many_servers(&load).unwrap();
            close(solved.present, truth, 1e-9, "present");
            close(
                solved.response_seconds * load.rate,
                truth,
                1e-9,
                "Little's law",
            );
        }
    }
}

#[test]
fn limited_room_has_its_limits() {
    let limited = |rate, places| {
        queue::limited(&Limited {
            rate,
            service_seconds: 0.1,
            servers: 4,
            places,
        })
        .unwrap()
    };
    for rate in [3.0, 20.0, 36.0] {
        let load = Load {
            rate,
            service_seconds: 0.1,
            servers: 4,
        };
        let open = queue::many_servers(&load).unwrap();
        let wide = limited(rate, 5_000);
        close(wide.present, open.present, 1e-9, "much room");
        close(
            wide.wait_seconds + 0.1,
            open.response_seconds,
            1e-9,
            "much room",
        );
    }
    // No room to wait is Erlang's loss formula; 40 Erlang at 4 servers.
    let mut loss = 1.0;
    for server in 1..=4 {
        loss = 40.0 * loss / (f64::from(server) + 40.0 * loss);
    }
    close(limited(400.0, 4).full_chance, loss, 1e-12, "loss");
    let over = limited(1e6, 1_000_000);
    close(over.throughput, 40.0, 1e-3, "overload");
    assert!(over.present.is_finite() && over.wait_seconds.is_finite());
    let idle = limited(1e-9, 900);
    close(idle.empty_chance, 1.0, 1e-6, "idle");
}

#[test]
fn constant_service_is_exact_for_one_server_at_every_load() {
    for percent in 1..=99 {
        let busy = f64::from(percent) / 100.0;
        let load = Load {
            rate: busy,
            service_seconds: 1.0,
            servers: 1,
        };
        let wait = deterministic::wait_seconds(&load).unwrap();
        close(wait, busy / (2.0 * (1.0 - busy)), 1e-9, "M/D/1");
    }
}

#[test]
fn constant_service_grows_smoothly_where_the_method_changes() {
    for servers in [2_u32, 7, 40, 300] {
        let waits: Vec<f64> = (1..=196)
            .map(|step| {
                let busy = 0.98 * f64::from(step) / 196.0 + 0.01;
                let load = Load {
                    rate: busy * f64::from(servers),
                    service_seconds: 1.0,
                    servers,
                };
                let wait = deterministic::wait_seconds(&load).unwrap();
                let random = queue::many_servers(&load).unwrap().wait_seconds;
                assert!(
                    wait <= random * 1.000_001,
                    "{servers} {busy}: {wait} {random}"
                );
                wait.max(1e-12).ln()
            })
            .collect();
        for (place, three) in waits.windows(3).enumerate() {
            let bend = three[0] - 2.0 * three[1] + three[2];
            assert!(three[2] >= three[1], "{servers} servers fall at {place}");
            if three[0] < -20.0 {
                continue;
            }
            let usual = (three[2] - three[0]).abs().max(1e-3);
            assert!(
                bend.abs() < usual,
                "{servers} servers break at {place}: {three:?}"
            );
        }
    }
}

#[test]
fn simulated_lines_wait_as_long_as_solved() {
    let lines = [
        (2, 0.8, Shape::Exponential, Shape::Constant, 0.02),
        (5, 0.9, Shape::Exponential, Shape::Constant, 0.04),
        (3, 0.7, Shape::Exponential, Shape::Exponential, 0.02),
        (1, 0.8, Shape::Exponential, Shape::Hyper(4.0), 0.06),
        (1, 0.6, Shape::Exponential, Shape::Erlang(4), 0.02),
        (4, 0.9, Shape::Erlang(2), Shape::Erlang(2), 0.08),
        (2, 0.9, Shape::Hyper(4.0), Shape::Exponential, 0.10),
        (4, 0.8, Shape::Exponential, Shape::Erlang(4), 0.08),
        (8, 0.85, Shape::Erlang(4), Shape::Exponential, 0.10),
        (2, 0.7, Shape::Exponential, Shape::Hyper(4.0), 0.08),
    ];
    let variability = |shape| match shape {
        Shape::Constant => 0.0,
        Shape::Exponential => 1.0,
        Shape::Erlang(stages) => 1.0 / f64::from(stages),
        Shape::Hyper(variability) => variability,
    };
    for (place, (servers, busy, arrivals, services, tolerance)) in lines.into_iter().enumerate() {
        let line = Line {
            rate: busy * f64::from(servers),
            service_seconds: 1.0,
            servers: servers as usize,
            arrivals,
            services,
        };
        let truth = simulation::wait_seconds(&line, 1_200_000, 100 + place as u64);
        let moments = Moments {
            load: Load {
                rate: line.rate,
                service_seconds: 1.0,
                servers,
            },
            arrival_variability: variability(arrivals),
            service_variability: variability(services),
        };
        let solved = general::best(&moments).unwrap();
        let what = format!("line {place}, {}", solved.method);
        close(solved.wait_seconds, truth, tolerance, &what);
    }
}

#[test]
fn approximations_agree_where_they_are_exact() {
    let moments = |arrival_variability, service_variability| Moments {
        load: Load {
            rate: 5.0,
            service_seconds: 1.0,
            servers: 6,
        },
        arrival_variability,
        service_variability,
    };
    let exponential = queue::many_servers(&moments(1.0, 1.0).load)
        .unwrap()
        .wait_seconds;
    let waits = general::many(&moments(1.0, 1.0)).unwrap();
    close(waits.whitt_seconds, exponential, 1e-12, "Whitt");
    close(
        waits.allen_cunneen_seconds,
        exponential,
        1e-12,
        "Allen-Cunneen",
    );
    close(waits.kimura_seconds.unwrap(), exponential, 1e-12, "Kimura");
    let constant = deterministic::wait_seconds(&moments(1.0, 0.0).load).unwrap();
    let waits = general::many(&moments(1.0, 0.0)).unwrap();
    close(
        waits.kimura_seconds.unwrap(),
        constant,
        1e-9,
        "Kimura for M/D/c",
    );
    close(waits.whitt_seconds, constant, 0.03, "Whitt for M/D/c");
    assert_eq!(
        general::many(&moments(0.0, 0.0)).unwrap().whitt_seconds,
        0.0
    );
    assert_eq!(
        general::many(&moments(4.0, 1.0)).unwrap().kimura_seconds,
        None
    );
    let shared = general::single(0.8, 1.0, 9.0, Order::Shared).unwrap();
    close(
        shared.response_seconds,
        5.0,
        1e-12,
        "a shared server does not care",
    );
}

#[test]
fn unequal_servers_are_what_their_states_add_up_to() {
    let mut random = Random::new(11);
    for _ in 0..60 {
        let servers = 1 + random.below(5);
        let speeds: Vec<f64> = (0..servers)
            .map(|_| magnitude(&mut random, 0.5, 5.0))
            .collect();
        let rate = speeds.iter().sum::<f64>() * (0.05 + 0.9 * random.unit());
        let solved = queue::unequal(rate, &speeds).unwrap();
        let (truth, busy) = by_balance(rate, &speeds);
        close(solved.present_at_random, truth, 1e-6, "present");
        for (found, truth) in solved.utilizations_at_random.iter().zip(&busy) {
            close(*found, *truth, 1e-6, "busy");
        }
    }
    let equal = queue::unequal(5.0, &[2.0; 4]).unwrap();
    close(
        equal.present_at_random,
        equal.present,
        1e-12,
        "equal servers",
    );
    let many = queue::unequal(1_700.0, &vec![2.0; 1_000]).unwrap();
    close(
        many.present_at_random,
        many.present,
        1e-9,
        "many equal servers",
    );
}

/// Solves the balance of all sets of busy servers by repeated substitution.
fn by_balance(rate: f64, speeds: &[f64]) -> (f64, Vec<f64>) {
    let servers = speeds.len();
    let full = (1_usize << servers) - 1;
    let capacity: f64 = speeds.iter().sum();
    let queue = rate / capacity;
    let mut chance = vec![1.0; full + 1];
    for _ in 0..4_000 {
        for set in 0..=full {
            let mut inflow = 0.0;
            for (server, speed) in speeds.iter().enumerate() {
                let bit = 1 << server;
                if set & bit != 0 {
                    let free = (servers - (set & !bit).count_ones() as usize) as f64;
                    inflow += chance[set & !bit] * rate / free;
                } else {
                    inflow += chance[set | bit] * speed;
                }
            }
            let served: f64 = (0..servers)
                .filter(|it| set & (1 << it) != 0)
                .map(|it| speeds[it])
                .sum();
            // With all busy, what arrives waits and comes back: a queue on top.
            let outflow = if set == full { served } else { served + rate };
            chance[set] = inflow / outflow;
        }
        let sum: f64 = chance.iter().sum();
        chance.iter_mut().for_each(|it| *it /= sum);
    }
    let stretched = chance[full] / (1.0 - queue);
    let sum = chance.iter().sum::<f64>() - chance[full] + stretched;
    let mut present = stretched * (servers as f64 + queue / (1.0 - queue));
    for (set, chance) in chance.iter().enumerate().take(full) {
        present += f64::from(set.count_ones()) * chance;
    }
    let busy = (0..servers).map(|server| {
        let sets = (0..full).filter(|set| set & (1 << server) != 0);
        (sets.map(|set| chance[set]).sum::<f64>() + stretched) / sum
    });
    (present / sum, busy.collect())
}

#[test]
fn routing_gives_the_visits_that_it_must() {
    // A loop: three of ten come back. Visits 1 / 0.7.
    let network = open::Routed {
        arrivals: vec![0.5, 0.0],
        routing: vec![vec![0.0, 1.0], vec![0.3, 0.0]],
        service_seconds: vec![0.75, 0.2],
        services: vec![Service::Servers(1), Service::Delay],
    };
    let solved = open::routed(&network).unwrap();
    close(solved.rates[0], 0.5 / 0.7, 1e-12, "visits");
    let feedback = queue::feedback(0.5, 0.75, 0.3).unwrap();
    let response = feedback.response_seconds + 0.2 / 0.7;
    close(solved.response_seconds, response, 1e-12, "response");
    let endless = open::Routed {
        routing: vec![vec![0.0, 1.0], vec![1.0, 0.0]],
        ..network
    };
    assert!(matches!(
        open::routed(&endless),
        Err(SolveError::Undetermined(_))
    ));
}

#[test]
fn open_classes_add_up() {
    let network = open::Network {
        rates: vec![1.0, 2.0],
        demands_seconds: vec![vec![0.1, 0.3, 0.5], vec![0.2, 0.05, 0.1]],
        services: vec![Service::Servers(1), Service::Servers(3), Service::Delay],
    };
    let solved = open::solve(&network).unwrap();
    close(solved.station_utilizations[0], 0.5, 1e-12, "utilization");
    close(solved.station_present[0], 1.0, 1e-12, "single queue");
    close(solved.responses_seconds[0][2], 0.5, 1e-12, "delay");
    let several = queue::many_servers(&Load {
        rate: 3.0,
        service_seconds: 0.4 / 3.0,
        servers: 3,
    })
    .unwrap();
    close(
        solved.station_present[1],
        several.present,
        1e-12,
        "several servers",
    );
    let full = open::Network {
        rates: vec![10.0, 2.0],
        ..network
    };
    assert!(matches!(
        open::solve(&full),
        Err(SolveError::Unstable { .. })
    ));
}

#[test]
fn nonsense_is_refused_and_nothing_panics() {
    let numbers = [
        0.0,
        -1.0,
        f64::NAN,
        f64::INFINITY,
        1e300,
        1e-300,
        0.999_999_999,
        1.0,
    ];
    for rate in numbers {
        for service_seconds in numbers {
            for servers in [0, 1, 3, 20_000, 100_001, u32::MAX] {
                let load = Load {
                    rate,
                    service_seconds,
                    servers,
                };
                if let Ok(steady) = queue::many_servers(&load) {
                    assert!(steady.utilization < 1.0 && steady.wait_seconds >= 0.0);
                }
                if let Ok(wait) = deterministic::wait_seconds(&load) {
                    assert!(wait >= 0.0);
                }
                let limited = Limited {
                    rate,
                    service_seconds,
                    servers,
                    places: 30_000,
                };
                if let Ok(limited) = queue::limited(&limited) {
                    assert!((0.0..=1.0).contains(&limited.full_chance));
                }
                for variability in [0.0, 1.0, 1e300, f64::NAN] {
                    let moments = Moments {
                        load,
                        arrival_variability: variability,
                        service_variability: 1.0,
                    };
                    if let Ok(waits) = general::many(&moments) {
                        assert!(waits.whitt_seconds >= 0.0);
                    }
                }
            }
        }
    }
}
