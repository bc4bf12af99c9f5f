//! Networks against enumeration, simulation, limits and each other.

use analysis::stats::random::Random;
use plan::solve::closed::{self, Network, Speed, Station};
use plan::solve::{Service, SolveError, approximate, bounds, classes, mixed, pool, queue, replica};

use super::enumeration;
use super::simulation::{self, Ring};
use super::{close, magnitude};

/// A station at random, and the same for the enumeration.
fn station(random: &mut Random) -> (Station, enumeration::Station) {
    let demand = magnitude(random, 0.01, 1.0);
    let (speed, speeds) = match random.below(4) {
        0 => (Speed::Plain(Service::Delay), Vec::new()),
        1 => (Speed::Plain(Service::Servers(1)), vec![1.0]),
        2 => {
            let servers = 2 + random.below(3) as u32;
            let speeds = (1..=servers).map(f64::from).collect();
            (Speed::Plain(Service::Servers(servers)), speeds)
        }
        _ => {
            let speeds: Vec<f64> = std::iter::once(1.0)
                .chain((0..3).map(|_| magnitude(random, 0.5, 3.0)))
                .collect();
            (Speed::Dependent(speeds.clone()), speeds)
        }
    };
    (
        Station {
            demand_seconds: demand,
            speed,
        },
        enumeration::Station {
            demands_seconds: vec![demand],
            speeds,
        },
    )
}

#[test]
fn one_class_is_what_all_states_add_up_to() {
    let mut random = Random::new(1);
    for _ in 0..300 {
        let count = 1 + random.below(4);
        let (stations, truth): (Vec<_>, Vec<_>) = (0..count).map(|_| station(&mut random)).unzip();
        let think = if random.unit() < 0.5 {
            0.0
        } else {
            magnitude(&mut random, 0.01, 3.0)
        };
        let n = 1 + random.below(7);
        let truth = enumeration::solve(&[n], &[think], &truth);
        let network = Network {
            stations,
            think_seconds: think,
        };
        let solved = closed::solve(&network, n).unwrap();
        close(solved.throughput, truth.throughputs[0], 1e-10, "throughput");
        for (k, at) in solved.stations.iter().enumerate() {
            close(at.present, truth.present[0][k], 1e-9, "present");
        }
        let rates = closed::throughputs(&network, n).unwrap();
        close(
            rates[n],
            truth.throughputs[0],
            1e-10,
            "throughput of the curve",
        );
    }
}

fn with_classes(random: &mut Random, most: usize) -> (classes::Network, Vec<enumeration::Station>) {
    let (count, stations) = (1 + random.below(3), 1 + random.below(3));
    let services: Vec<Service> = (0..stations)
        .map(|_| match random.below(4) {
            0 => Service::Delay,
            servers => Service::Servers(servers as u32),
        })
        .collect();
    let demands: Vec<Vec<f64>> = (0..count)
        .map(|_| {
            (0..stations)
                .map(|_| magnitude(random, 0.02, 1.0))
                .collect()
        })
        .collect();
    let truth = services
        .iter()
        .enumerate()
        .map(|(k, service)| enumeration::Station {
            demands_seconds: demands.iter().map(|row| row[k]).collect(),
            speeds: match service {
                Service::Delay => Vec::new(),
                Service::Servers(servers) => (1..=*servers).map(f64::from).collect(),
            },
        })
        .collect();
    let network = classes::Network {
        populations: (0..count).map(|_| random.below(most + 1)).collect(),
        think_seconds: (0..count).map(|_| magnitude(random, 0.01, 3.0)).collect(),
        demands_seconds: demands,
        services,
    };
    (network, truth)
}

#[test]
fn classes_are_what_all_states_add_up_to() {
    let mut random = Random::new(2);
    for _ in 0..300 {
        let (network, truth) = with_classes(&mut random, 3);
        let truth = enumeration::solve(&network.populations, &network.think_seconds, &truth);
        let solved = classes::exact(&network).unwrap();
        for class in 0..network.populations.len() {
            if network.populations[class] == 0 {
                assert_eq!(solved.throughputs[class], 0.0);
                continue;
            }
            close(
                solved.throughputs[class],
                truth.throughputs[class],
                1e-9,
                "throughput",
            );
            for (found, truth) in solved.present[class].iter().zip(&truth.present[class]) {
                close(*found, *truth, 1e-8, "present");
            }
        }
    }
}

#[test]
fn classes_agree_with_one_class_at_many_servers_and_high_load() {
    let stations = [
        (0.5, Service::Servers(32)),
        (0.012, Service::Servers(1)),
        (0.3, Service::Delay),
    ];
    let network = Network {
        stations: stations
            .iter()
            .map(|(demand, service)| Station {
                demand_seconds: *demand,
                speed: Speed::Plain(*service),
            })
            .collect(),
        think_seconds: 1.0,
    };
    for n in [1, 20, 60, 150, 400] {
        let one = closed::solve(&network, n).unwrap();
        let half = classes::exact(&classes::Network {
            populations: vec![n / 2, n - n / 2],
            think_seconds: vec![1.0, 1.0],
            demands_seconds: vec![stations.iter().map(|it| it.0).collect(); 2],
            services: stations.iter().map(|it| it.1).collect(),
        })
        .unwrap();
        let sum: f64 = half.throughputs.iter().sum();
        close(sum, one.throughput, 1e-9, "throughput of both halves");
        for (k, present) in half.station_present().iter().enumerate() {
            close(*present, one.stations[k].present, 1e-8, "present");
        }
    }
}

#[test]
fn no_digits_are_lost_near_saturation() {
    for servers in [2, 16, 64, 500] {
        let network = Network {
            stations: vec![Station::servers(0.1, servers), Station::queue(1e-5)],
            think_seconds: 0.3,
        };
        let most = f64::from(servers) / 0.1;
        let asked: Vec<usize> = (1..=40).map(|it| it * servers as usize / 4 + 1).collect();
        let mut before = 0.0;
        for solved in closed::solve_each(&network, &asked).unwrap() {
            let n = solved.population as f64;
            let x = solved.throughput;
            assert!(
                x >= before * (1.0 - 1e-12) && x <= most * (1.0 + 1e-12),
                "{servers} {n} {x}"
            );
            close(
                x * (solved.response_seconds + 0.3),
                n,
                1e-11,
                "Little's law",
            );
            assert!(
                solved
                    .stations
                    .iter()
                    .all(|it| it.utilization <= 1.0 + 1e-12)
            );
            before = x;
        }
        close(before, most, 1e-5, "saturation");
    }
}

#[test]
fn many_thoughtful_customers_are_random_arrivals() {
    for (servers, busy) in [(1, 0.5), (2, 0.8), (8, 0.9), (40, 0.7)] {
        let rate = busy * f64::from(servers) / 0.1;
        let n = 200_000;
        let network = Network {
            stations: vec![Station::servers(0.1, servers)],
            think_seconds: n as f64 / rate,
        };
        let solved = closed::solve(&network, n).unwrap();
        let open = queue::many_servers(&queue::Load {
            rate,
            service_seconds: 0.1,
            servers,
        })
        .unwrap();
        close(
            solved.response_seconds,
            open.response_seconds,
            2e-3,
            "response",
        );
    }
}

#[test]
fn servers_have_their_limits() {
    let solve = |station: Station, n| {
        let stations = vec![station, Station::queue(0.3)];
        let network = Network {
            stations,
            think_seconds: 0.5,
        };
        closed::solve(&network, n).unwrap().throughput
    };
    for n in [1, 2, 7, 30] {
        let single = solve(Station::queue(0.7), n);
        let same = Station {
            demand_seconds: 0.7,
            speed: Speed::Dependent(vec![1.0]),
        };
        close(solve(same, n), single, 1e-12, "a speed that never changes");
        let enough = solve(Station::servers(0.7, n as u32), n);
        close(
            enough,
            solve(Station::delay(0.7), n),
            1e-12,
            "a server for everybody",
        );
        assert!(enough >= single);
    }
}

#[test]
fn bounds_hold_the_exact_answer() {
    let mut random = Random::new(3);
    for _ in 0..500 {
        let count = 1 + random.below(6);
        let demands: Vec<f64> = (0..count)
            .map(|_| magnitude(&mut random, 0.001, 1.0))
            .collect();
        let think = if random.unit() < 0.4 {
            0.0
        } else {
            magnitude(&mut random, 0.001, 5.0)
        };
        let n = 1 + random.below(60);
        let closed = bounds::Closed {
            customers: n as f64,
            demands_seconds: &demands,
            think_seconds: think,
        };
        let network = Network {
            stations: demands.iter().map(|it| Station::queue(*it)).collect(),
            think_seconds: think,
        };
        let solved = closed::solve(&network, n).unwrap();
        for bounds in [
            bounds::asymptotic(&closed).unwrap(),
            bounds::balanced(&closed).unwrap(),
        ] {
            let slack = 1.0 + 1e-9;
            assert!(solved.throughput * slack >= bounds.throughput_least);
            assert!(solved.throughput <= bounds.throughput_most * slack);
            let slack = 1e-9 * (1.0 + think + solved.response_seconds);
            assert!(solved.response_seconds + slack >= bounds.response_least_seconds);
            assert!(solved.response_seconds <= bounds.response_most_seconds + slack);
        }
    }
}

/// Largest and mean relative error of the throughputs over random networks.
fn errors(
    seed: u64,
    service: Service,
    solve: fn(&classes::Network) -> Result<classes::Solution, SolveError>,
) -> (f64, f64) {
    let mut random = Random::new(seed);
    let (mut largest, mut sum, mut count) = (0.0_f64, 0.0, 0.0);
    for _ in 0..300 {
        let (classes, stations) = (1 + random.below(3), 1 + random.below(4));
        let rows = 0..classes;
        let network = classes::Network {
            populations: rows.clone().map(|_| 1 + random.below(12)).collect(),
            think_seconds: rows.clone().map(|_| random.unit() * 3.0).collect(),
            demands_seconds: rows
                .map(|_| {
                    (0..stations)
                        .map(|_| magnitude(&mut random, 0.01, 1.0))
                        .collect()
                })
                .collect(),
            services: vec![service; stations],
        };
        let exact = classes::exact(&network).unwrap();
        let found = solve(&network).unwrap();
        for (found, truth) in found.throughputs.iter().zip(&exact.throughputs) {
            let error = (found / truth - 1.0).abs();
            largest = largest.max(error);
            sum += error;
            count += 1.0;
        }
    }
    (largest, sum / count)
}

#[test]
fn linearizer_is_close_and_closer_than_schweitzer() {
    let single = Service::Servers(1);
    let (largest, mean) = errors(4, single, approximate::linearizer);
    assert!(largest < 0.02 && mean < 0.002, "{largest} {mean}");
    let (rough_largest, rough) = errors(4, single, approximate::schweitzer);
    assert!(
        rough > 4.0 * mean && rough_largest < 0.15,
        "{rough_largest} {rough} against {mean}"
    );
}

/// A. O. Allen, "Computer Performance Analysis with Mathematica" (1994), example 6.3.4.
#[test]
fn linearizer_is_right_where_schweitzer_is_four_percent_low() {
    let network = classes::Network {
        populations: vec![5, 10, 5],
        think_seconds: vec![20.0, 30.0, 0.0],
        demands_seconds: vec![
            vec![0.5, 0.04, 0.06],
            vec![0.4, 0.2, 0.3],
            vec![1.2, 0.05, 0.06],
        ],
        services: vec![Service::Servers(1); 3],
    };
    let exact = classes::exact(&network).unwrap().throughputs;
    let linearizer = approximate::linearizer(&network).unwrap().throughputs;
    let schweitzer = approximate::schweitzer(&network).unwrap().throughputs;
    for (found, truth) in linearizer.iter().zip(&exact) {
        close(*found, *truth, 2e-5, "Linearizer");
    }
    close(schweitzer[2] / exact[2], 1.0 - 0.041, 1e-3, "Schweitzer");
}

#[test]
fn several_servers_in_linearizer_stay_within_their_spread() {
    for servers in [2, 4] {
        let (largest, mean) = errors(5, Service::Servers(servers), approximate::linearizer);
        assert!(
            largest < 1.5 * approximate::SEIDMANN_SPREAD && mean < 0.03,
            "{largest} {mean}"
        );
    }
}

#[test]
fn the_choice_is_exact_where_affordable() {
    let network = |n: usize| classes::Network {
        populations: vec![n; 3],
        think_seconds: vec![1.0; 3],
        demands_seconds: vec![vec![0.01, 0.02], vec![0.03, 0.01], vec![0.02, 0.02]],
        services: vec![Service::Servers(1), Service::Servers(2)],
    };
    let method = |n| approximate::solve(&network(n)).unwrap().method;
    assert_eq!(method(20), classes::Method::Exact);
    assert_eq!(method(200), classes::Method::Linearizer);
    assert!(matches!(
        classes::exact(&network(200)),
        Err(SolveError::TooLarge { .. })
    ));
    let huge = network(1_000_000);
    let solved = approximate::solve(&huge).unwrap();
    assert!(
        solved
            .throughputs
            .iter()
            .all(|it| it.is_finite() && *it > 0.0)
    );
}

#[test]
fn a_simulated_network_with_classes_behaves_as_solved() {
    let ring = Ring {
        populations: vec![6, 3],
        think_seconds: vec![0.4, 1.0],
        demands_seconds: vec![vec![0.1, 0.05, 0.2], vec![0.3, 0.2, 0.1]],
        servers: vec![2, 1, 0],
    };
    let truth = simulation::ring(&ring, 2_000_000, 6);
    let solved = classes::exact(&classes::Network {
        populations: ring.populations.clone(),
        think_seconds: ring.think_seconds.clone(),
        demands_seconds: ring.demands_seconds.clone(),
        services: vec![Service::Servers(2), Service::Servers(1), Service::Delay],
    })
    .unwrap();
    for class in 0..2 {
        close(
            solved.throughputs[class],
            truth.throughputs[class],
            0.01,
            "throughput",
        );
        for k in 0..3 {
            close(
                solved.present[class][k],
                truth.present[class][k],
                0.02,
                "present",
            );
        }
    }
}

#[test]
fn a_simulated_closed_network_behaves_as_solved() {
    let ring = Ring {
        populations: vec![25],
        think_seconds: vec![0.5],
        demands_seconds: vec![vec![0.09, 0.02]],
        servers: vec![4, 1],
    };
    let truth = simulation::ring(&ring, 1_500_000, 7);
    let network = Network {
        stations: vec![Station::servers(0.09, 4), Station::queue(0.02)],
        think_seconds: 0.5,
    };
    let solved = closed::solve(&network, 25).unwrap();
    close(solved.throughput, truth.throughputs[0], 0.01, "throughput");
    for k in 0..2 {
        close(
            solved.stations[k].present,
            truth.present[0][k],
            0.03,
            "present",
        );
    }
}

fn mixed_network(rate: f64, population: usize) -> mixed::Network {
    mixed::Network {
        rates: vec![rate],
        open_demands_seconds: vec![vec![0.2, 0.3]],
        closed: classes::Network {
            populations: vec![population],
            think_seconds: vec![0.0],
            demands_seconds: vec![vec![0.4, 0.25]],
            services: vec![Service::Servers(1); 2],
        },
    }
}

#[test]
fn a_simulated_mixed_network_behaves_as_solved() {
    let simulated = simulation::Mixed {
        rate: 1.2,
        open_seconds: [0.2, 0.3],
        population: 3,
        closed_seconds: [0.4, 0.25],
    };
    let (rate, closed, open) = simulation::mixed(&simulated, 2_000_000, 8);
    let solved = mixed::solve(&mixed_network(1.2, 3)).unwrap();
    close(solved.closed.throughputs[0], rate, 0.01, "throughput");
    for k in 0..2 {
        close(
            solved.closed.present[0][k],
            closed[k],
            0.02,
            "closed present",
        );
        close(solved.open_present[0][k], open[k], 0.03, "open present");
    }
}

#[test]
fn a_mixed_network_has_its_limits() {
    let alone = mixed::solve(&mixed_network(0.0, 5)).unwrap();
    let closed = classes::exact(&mixed_network(0.0, 5).closed).unwrap();
    close(
        alone.closed.throughputs[0],
        closed.throughputs[0],
        1e-12,
        "no open load",
    );
    let open = mixed::solve(&mixed_network(1.0, 0)).unwrap();
    close(
        open.open_responses_seconds[0][1],
        0.3 / 0.7,
        1e-12,
        "no closed load",
    );
    let full = mixed::solve(&mixed_network(4.0, 1));
    assert!(matches!(full, Err(SolveError::Unstable { .. })));
}

#[test]
fn a_pool_that_is_large_enough_is_not_there() {
    let inner = Network {
        stations: vec![
            Station::servers(0.2, 2),
            Station::queue(0.05),
            Station::delay(0.1),
        ],
        think_seconds: 0.0,
    };
    let customers = pool::Customers {
        customers: 12,
        members: 12,
        think_seconds: 0.7,
    };
    let pooled = pool::closed(&inner, &customers).unwrap();
    let free = Network {
        think_seconds: 0.7,
        ..inner.clone()
    };
    let free = closed::solve(&free, 12).unwrap();
    close(pooled.throughput, free.throughput, 1e-10, "throughput");
    close(
        pooled.response_seconds,
        free.response_seconds,
        1e-9,
        "response",
    );
    assert!(pooled.wait_seconds.abs() < 1e-12);
}

#[test]
fn a_pool_of_delays_and_one_of_stations_are_the_same_model() {
    let inner = Network {
        stations: vec![Station::delay(0.444)],
        think_seconds: 0.0,
    };
    for (n, members) in [(40, 30), (10, 30), (200, 7)] {
        let customers = pool::Customers {
            customers: n,
            members,
            think_seconds: 0.2,
        };
        let stations = pool::closed(&inner, &customers).unwrap();
        let delays = pool::of_delay(&customers, 0.444).unwrap();
        close(stations.throughput, delays.throughput, 1e-10, "throughput");
        close(stations.waiting, delays.waiting, 1e-8, "waiting");
        close(stations.busy, delays.busy, 1e-9, "busy");
        let open = pool::open(&inner, members, 0.8 * f64::from(members) / 0.444).unwrap();
        let steady = queue::many_servers(&queue::Load {
            rate: 0.8 * f64::from(members) / 0.444,
            service_seconds: 0.444,
            servers: members,
        })
        .unwrap();
        close(open.wait_seconds, steady.wait_seconds, 1e-9, "open wait");
        close(
            open.response_seconds,
            steady.response_seconds,
            1e-10,
            "open response",
        );
    }
}

#[test]
fn a_large_pool_at_half_its_load_makes_nobody_wait() {
    // The recursion that subtracts probabilities says 80 a second here.
    let customers = pool::Customers {
        customers: 3_750,
        members: 400,
        think_seconds: 4.216_459_585_679_01,
    };
    let solved = pool::of_delay(&customers, 0.237_572_798_591_720_6).unwrap();
    close(
        solved.throughput,
        3_750.0 / 4.454_032_384_270_73,
        1e-9,
        "throughput",
    );
    assert!(solved.waiting < 1e-9);
    let twice = pool::Customers {
        customers: 8_000,
        ..customers
    };
    let full = pool::of_delay(&twice, 0.237_572_798_591_720_6).unwrap();
    close(
        full.throughput,
        400.0 / 0.237_572_798_591_720_6,
        1e-6,
        "saturated",
    );
}

#[test]
fn copies_share_the_work() {
    let network = Network {
        stations: vec![Station::queue(0.4), Station::queue(0.1)],
        think_seconds: 1.0,
    };
    let four = replica::replicated(&network, 0, 4, 1.0).unwrap();
    assert_eq!(four.stations.len(), 5);
    let most = closed::solve(&four, 500).unwrap().throughput;
    close(
        most,
        10.0,
        0.01,
        "the copies are the bottleneck with the other station",
    );
    let lone = closed::solve(&four, 1).unwrap();
    close(lone.response_seconds, 0.5, 1e-12, "one customer");
    let even = replica::Two {
        rate: 8.0,
        service_seconds: [0.1, 0.2],
    };
    let best = replica::best_split(&even).unwrap();
    let shares = replica::Shares {
        first: 0.0,
        end: 1.0,
        step: 0.001,
    };
    let grid = replica::split(&even, &shares).unwrap();
    assert!((best.share - grid.share).abs() <= 0.001);
    assert!(best.response_seconds <= grid.response_seconds + 1e-12);
}

#[test]
fn nonsense_is_refused_and_nothing_panics() {
    let numbers = [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300, 1e-300, 5e-324];
    for demand in numbers {
        for think in numbers {
            for speed in [
                Speed::Plain(Service::Servers(0)),
                Speed::Plain(Service::Servers(3)),
                Speed::Dependent(vec![demand, 1.0]),
                Speed::Dependent(vec![]),
            ] {
                let network = Network {
                    stations: vec![
                        Station {
                            demand_seconds: demand,
                            speed,
                        },
                        Station::queue(1e-3),
                    ],
                    think_seconds: think,
                };
                for n in [0, 1, 5, 1000] {
                    if let Ok(solved) = closed::solve(&network, n) {
                        let negative = solved.throughput < 0.0;
                        assert!(!negative);
                    }
                }
            }
        }
    }
    let network = Network {
        stations: vec![Station::servers(1.0, 100_000)],
        think_seconds: 1.0,
    };
    let huge = closed::solve(&network, 1_000_000);
    assert!(matches!(huge, Err(SolveError::TooLarge { .. })), "{huge:?}");
    assert!(closed::solve(&network, usize::MAX).is_err());
}
