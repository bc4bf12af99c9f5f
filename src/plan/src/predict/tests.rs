//! Predictions against simulated futures, and refusals against what cannot be known.

use model::plan::Plan;
use model::plan::action::{Hardware, Kind};
use model::time::Moment;

use super::*;
use crate::calibrate::{Params, calibrate};
use crate::observe::Observed;
use crate::simulate::{Asked, Scene, observed};

fn plan(kinds: Vec<Kind>) -> Plan {
    let mut plan = Plan::new("a1", "test", Moment(0));
    plan.actions = kinds
        .into_iter()
        .enumerate()
        .map(|(i, kind)| Action::new(&format!("a{i}"), kind))
        .collect();
    plan
}

fn load(ratio: f64) -> Kind {
    Kind::LoadChange { ratio }
}

fn predicted(seen: &Observed, kinds: Vec<Kind>) -> Vec<Expected> {
    let params = Params {
        draws: 100,
        ..Params::default()
    };
    let calibration = calibrate(seen, &params).unwrap();
    predict(&calibration, &plan(kinds), &Widening::default()).expected
}

fn of<'a>(all: &'a [Expected], metric: &str) -> &'a Expected {
    let found = all.iter().find(|it| it.metric == metric);
    found.unwrap_or_else(|| panic!("no {metric} in {all:?}"))
}

/// Measured throughput and mean response time of a scene without its first ten seconds.
fn measured(scene: &Scene) -> (f64, f64) {
    let seen = observed(scene);
    let rows = 10..seen.at.len();
    let served: f64 = seen.throughput[rows.clone()].iter().sum();
    let spent = rows.clone().map(|i| {
        let (x, r) = (seen.throughput[i], seen.response[i]);
        if x > 0.0 { x * r } else { 0.0 }
    });
    (served / rows.len() as f64, spent.sum::<f64>() / served)
}

#[test]
fn more_users_and_fewer_cores_come_as_predicted() {
    let mut covered = [0; 2];
    let mut worst = [0.0_f64; 2];
    let futures = [
        (vec![load(2.0)], 32, 2.0, 0.02),
        (vec![load(1.5)], 24, 2.0, 0.02),
        (
            vec![Kind::HardwareChange {
                what: Hardware::Cpu,
                speed: 1.0,
                units: Some(1),
            }],
            16,
            1.0,
            0.02,
        ),
        (
            vec![Kind::HardwareChange {
                what: Hardware::Cpu,
                speed: 1.6,
                units: None,
            }],
            16,
            2.0,
            0.0125,
        ),
        (
            vec![
                load(1.5),
                Kind::HardwareChange {
                    what: Hardware::Cpu,
                    speed: 1.0,
                    units: Some(3),
                },
            ],
            24,
            3.0,
            0.02,
        ),
    ];
    for seed in 0..6 {
        let seen = observed(&Scene {
            seed: 50 + seed,
            ..Scene::default()
        });
        for (kinds, users, cores, demand_s) in &futures {
            let expected = predicted(&seen, kinds.clone());
            let (x, r) = measured(&Scene {
                stretches: vec![(130.0, Asked::Users(*users))],
                cores: *cores,
                demand_s: vec![*demand_s],
                seed: 900 + seed,
                ..Scene::default()
            });
            for (i, (metric, value)) in [("app.throughput", x), ("app.response.mean", r)]
                .into_iter()
                .enumerate()
            {
                let it = of(&expected, metric);
                let (p10, p50, p90) = (it.p10.unwrap(), it.p50.unwrap(), it.p90.unwrap());
                covered[i] += usize::from((p10..=p90).contains(&value));
                worst[i] = worst[i].max((p50 / value - 1.0).abs());
            }
        }
    }
    assert!(worst[0] < 0.06 && worst[1] < 0.15, "{worst:?}");
    // Of 30 futures, intervals of 80 % must hold most and need not hold all.
    assert!(covered.iter().all(|it| *it >= 22), "{covered:?}");
}

#[test]
fn an_open_load_is_predicted_until_it_is_full() {
    let scene = |rate: f64, seed| Scene {
        stretches: vec![(150.0, Asked::Rate(rate))],
        users_known: false,
        seed,
        ..Scene::default()
    };
    let seen = observed(&Scene {
        stretches: [20.0, 35.0, 50.0, 60.0]
            .map(|rate| (80.0, Asked::Rate(rate)))
            .to_vec(),
        ..scene(0.0, 3)
    });
    let mean: f64 = seen.throughput.iter().sum::<f64>() / seen.at.len() as f64;
    let expected = predicted(&seen, vec![load(80.0 / mean)]);
    let (_, r) = measured(&scene(80.0, 77));
    let it = of(&expected, "app.response.mean");
    assert!((it.p50.unwrap() / r - 1.0).abs() < 0.2, "{it:?} {r}");
    let nearly = predicted(&seen, vec![load(98.0 / mean)]);
    let it = of(&nearly, "app.response.mean");
    assert!(it.refused.as_ref().unwrap().starts_with("I5"), "{it:?}");
    assert!(of(&nearly, "app.throughput").refused.is_none());
    let beyond = predicted(&seen, vec![load(110.0 / mean)]);
    assert!(of(&beyond, "app.response.mean").refused.is_some());
    let x = of(&beyond, "app.throughput");
    assert!((x.p90.unwrap() - 100.0).abs() < 5.0, "{x:?}");
}

#[test]
fn where_nobody_counted_users_both_answers_are_shown() {
    let scene = Scene {
        stretches: [20.0, 35.0, 50.0, 60.0]
            .map(|rate| (80.0, Asked::Rate(rate)))
            .to_vec(),
        users_known: false,
        ..Scene::default()
    };
    let notes = |scene: &Scene, ratio: f64| {
        let calibration = calibrate(&observed(scene), &Params::default()).unwrap();
        predict(&calibration, &plan(vec![load(ratio)]), &Widening::default()).notes
    };
    let told = |notes: &[String]| {
        let mut notes = notes.iter();
        let note = notes.find(|it| it.starts_with("if those who ask were"))?;
        let (_, rest) = note.split_once("it would be ")?;
        rest.split(' ').next()?.parse::<f64>().ok()
    };
    let same = told(&notes(&scene, 1.0)).unwrap();
    // Few who wait are no random crowd, but near it.
    assert!((same / 60.0 - 1.0).abs() < 0.25, "{same}");
    // Beyond the capacity of 100 a second only those who wait get an answer at all.
    let beyond = told(&notes(&scene, 2.0)).unwrap();
    assert!(beyond > 80.0 && beyond < 100.0, "{beyond}");
    assert_eq!(told(&notes(&Scene::default(), 1.0)), None);
}

#[test]
fn a_recording_that_drifts_names_the_part_that_holds() {
    let seen = observed(&Scene {
        drift: 1.35,
        ..Scene::default()
    });
    let all = predicted(&seen, vec![load(1.2)]);
    let it = of(&all, "app.throughput");
    let next = it.record_next.as_ref().unwrap();
    assert!(next.contains("as the plan's window"), "{next}");
}

/// What is asked of a recording.
type Ask = (
    &'static str,
    Box<dyn Fn() -> Observed>,
    Vec<Kind>,
    &'static str,
);

fn with(change: impl Fn(&mut Scene) + 'static) -> Box<dyn Fn() -> Observed> {
    Box::new(move || {
        let mut scene = Scene::default();
        change(&mut scene);
        observed(&scene)
    })
}

fn open(rates: &[f64], scene: &mut Scene) {
    scene.stretches = rates
        .iter()
        .map(|rate| (60.0, Asked::Rate(*rate)))
        .collect();
    scene.users_known = false;
}

fn own_group(mut seen: Observed) -> Observed {
    seen.resources[0].groups = vec!["/shop".to_owned()];
    seen
}

fn cached() -> Observed {
    let mut seen = observed(&Scene::default());
    let keys: Vec<u64> = (0..50_000).map(|i| (i * 7919) % 20_000).collect();
    seen.cache = Some(crate::observe::Cached {
        curve: crate::solve::cache::Curve::of(&keys, 20_000, 1.0).unwrap(),
        entry_bytes: 1000.0,
        bytes: 5_000_000.0,
        behind: String::new(),
    });
    seen
}

fn quota() -> Kind {
    Kind::CpuMax {
        cgroup: "/shop".to_owned(),
        quota_us: Some(150_000),
        period_us: 100_000,
    }
}

/// Recordings that must be refused, each with the code, the metric that must say so and a
/// neighbor that must be answered.
fn asked() -> Vec<(&'static str, Ask, Ask)> {
    let x = "app.throughput";
    let r = "app.response.mean";
    let more = || vec![load(1.2)];
    let capacity = |cores: f64| -> Box<dyn Fn() -> Observed> {
        Box::new(move || {
            let mut seen = observed(&Scene::default());
            seen.resources[0].capacity.fill(cores);
            seen
        })
    };
    let stolen = |share: f64| -> Box<dyn Fn() -> Observed> {
        Box::new(move || {
            let mut seen = observed(&Scene::default());
            seen.resources[0].steal = vec![share; seen.at.len()];
            seen
        })
    };
    let users = |all: &'static [usize]| {
        with(move |it| {
            it.stretches = all.iter().map(|n| (60.0, Asked::Users(*n))).collect();
        })
    };
    let mix = |shares: [f64; 5], demand_s: [f64; 2]| {
        with(move |it| {
            open(&[10.0, 20.0, 30.0, 40.0, 50.0], it);
            it.demand_s = demand_s.to_vec();
            it.shares = shares.iter().map(|it| vec![1.0 - it, *it]).collect();
        })
    };
    let other_mix = || {
        vec![Kind::MixChange {
            shares: vec![("op0".to_owned(), 0.5), ("op1".to_owned(), 0.5)],
        }]
    };
    let sysctl = || {
        vec![Kind::Sysctl {
            key: "net.core.somaxconn".to_owned(),
            value: "4096".to_owned(),
        }]
    };
    let little = |factor: f64| -> Box<dyn Fn() -> Observed> {
        Box::new(move || {
            let mut scene = Scene::default();
            open(&[20.0, 35.0, 50.0, 65.0], &mut scene);
            let mut seen = observed(&scene);
            seen.active.iter_mut().for_each(|it| *it *= factor);
            seen
        })
    };
    vec![
        (
            "I1",
            ("busier than there is", capacity(1.0), more(), x),
            ("just not", capacity(1.9), more(), x),
        ),
        (
            "I1",
            ("law of Little", little(1.3), more(), x),
            ("nearly so", little(1.05), more(), x),
        ),
        (
            "I2",
            ("one load", users(&[8, 8, 8, 8]), more(), x),
            ("two loads", users(&[5, 8, 5, 8]), more(), x),
        ),
        (
            "I3",
            (
                "one mix",
                mix([0.3; 5], [0.01, 0.03]),
                other_mix(),
                "action a0",
            ),
            (
                "its neighbor",
                mix([0.1, 0.9, 0.5, 0.1, 0.9], [0.01, 0.03]),
                other_mix(),
                x,
            ),
        ),
        (
            "I4",
            (
                "no demand",
                mix([0.1, 0.9, 0.5, 0.1, 0.9], [0.03, 0.0]),
                other_mix(),
                "action a0",
            ),
            (
                "little demand",
                mix([0.1, 0.9, 0.5, 0.1, 0.9], [0.03, 0.006]),
                other_mix(),
                x,
            ),
        ),
        (
            "I5",
            ("three times", with(|_| ()), vec![load(2.6)], x),
            ("twice", with(|_| ()), vec![load(2.0)], x),
        ),
        (
            "I6",
            ("elsewhere", with(|it| it.delay_s = 0.05), more(), r),
            ("half of it", with(|it| it.delay_s = 0.018), more(), r),
        ),
        (
            "I7",
            ("a kernel setting", with(|_| ()), sysctl(), "action a0"),
            (
                "a quota",
                Box::new(|| own_group(observed(&Scene::default()))),
                vec![quota()],
                x,
            ),
        ),
        (
            "I8",
            ("a busy host", with(|it| it.background = 0.55), more(), x),
            ("a quiet one", with(|it| it.background = 0.25), more(), x),
        ),
        (
            "I8",
            ("stolen time", stolen(0.03), more(), x),
            ("hardly any", stolen(0.01), more(), x),
        ),
        (
            "I9",
            ("slower later", with(|it| it.drift = 1.35), more(), x),
            ("a little", with(|it| it.drift = 1.05), more(), x),
        ),
        (
            "I10",
            (
                "one size",
                with(|_| ()),
                vec![Kind::CacheSize {
                    service: "simulated".to_owned(),
                    bytes: 8_000_000,
                    by: None,
                }],
                "action a0",
            ),
            (
                "keys that are known",
                Box::new(cached),
                vec![Kind::CacheSize {
                    service: "simulated".to_owned(),
                    bytes: 8_000_000,
                    by: None,
                }],
                "cache.hit_ratio",
            ),
        ),
        (
            "I11",
            (
                "full, nobody counted",
                with(|it| {
                    it.stretches = vec![(120.0, Asked::Users(30)), (120.0, Asked::Users(40))];
                    it.users_known = false;
                }),
                more(),
                x,
            ),
            ("full, users counted", users(&[4, 8, 30, 40]), more(), x),
        ),
    ]
}

#[test]
fn what_cannot_be_known_is_refused_by_code_and_its_neighbor_is_answered() {
    for (code, refused, answered) in asked() {
        let (name, seen, kinds, metric) = refused;
        let all = predicted(&seen(), kinds);
        let it = of(&all, metric);
        let said = it
            .refused
            .clone()
            .unwrap_or_else(|| panic!("{code} {name}: {it:?}"));
        assert!(
            said.starts_with(&format!("{code} ")),
            "{code} {name}: {said}"
        );
        assert!(
            it.record_next.as_ref().is_some_and(|it| it.len() > 10),
            "{it:?}"
        );
        let (name, seen, kinds, metric) = answered;
        let all = predicted(&seen(), kinds);
        let it = of(&all, metric);
        assert!(it.refused.is_none(), "{code} {name}: {it:?}");
        assert!(it.p10 <= it.p50 && it.p50 <= it.p90, "{it:?}");
        assert!(it.class < Class::X);
    }
}
