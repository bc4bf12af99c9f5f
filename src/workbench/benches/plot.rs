//! What a frame with 100,000,000 points costs, beside a plain plot given all of them.
//!
//! Ten series of ten million samples, all in view in one real panel; a frame is
//! the processor time of the run of the user interface and of its tessellation,
//! without painting. The
//! plain plot is measured with fewer points, because its vertices would need tens
//! of gigabytes, and its time is scaled up in proportion.
//!
//! The same is measured on a stored session of that size, from opening the file to
//! its first frame, with what the process then holds in memory.
//!
//! Run with `cargo bench -p workbench --bench plot`; `KYMO_PLOT_SAMPLES` sets the
//! samples per series.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench has no window to keep waiting"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use analysis::track::Track;
use eframe::egui::{self, Pos2, Rect, vec2};
use egui_plot::{Line, Plot, PlotPoint, PlotPoints};
use model::catalog::{Kind, Polarity};
use model::columns::Column;
use model::series::{Series, SeriesKey};
use model::time::{Moment, Span};
use model::unit::Unit;
use rustix::time::{ClockId, clock_gettime};
use workbench::plot::panel::{self, Action, Curve, Habits, Shared, Shown, Style};
use workbench::plot::pointer;
use workbench::plot::time_axis::Clock;
use workbench::theme::Look;
use workflow::jobs::Context;
use workflow::stored::Stored;

const SERIES: usize = 10;
const SAMPLES: usize = 10_000_000;
const STEP_NS: i64 = 1_000_000;
const FRAMES: usize = 300;

/// The plain plot gets one point of so many.
const PLAIN_SHARE: usize = 100;

/// The plain plot is slow, so fewer of its frames are looked at.
const PLAIN_FRAMES: usize = 5;

/// One line of the table.
struct Row {
    what: &'static str,
    times: Vec<Duration>,
}

/// A window without a screen.
struct Window {
    ctx: egui::Context,
    frame: u32,
}

impl Window {
    fn new() -> Self {
        Self {
            ctx: egui::Context::default(),
            frame: 0,
        }
    }

    /// Runs and tessellates one frame; returns its time and its vertices.
    fn frame(&mut self, mut ui: impl FnMut(&mut egui::Ui)) -> (Duration, usize) {
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1400.0, 800.0))),
            time: Some(f64::from(self.frame) / 60.0),
            ..Default::default()
        };
        self.frame += 1;
        let start = processor_time();
        let output = self.ctx.run_ui(input, &mut ui);
        let meshes = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let elapsed = processor_time().saturating_sub(start);
        let vertices = meshes.iter().map(|it| match &it.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
            egui::epaint::Primitive::Callback(_) => 0,
        });
        (elapsed, vertices.sum())
    }
}

/// What this thread has computed so far; other programs do not count.
fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        now.tv_sec.unsigned_abs(),
        u32::try_from(now.tv_nsec).unwrap_or(0),
    )
}

/// Noise between 40 and 60 with a spike to 1000 now and then.
fn values(series: u64, samples: usize) -> Arc<[f64]> {
    let mut state = series + 1;
    (0..samples)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let noise = (state >> 40) as f32 / (1 << 24) as f32;
            let spike = state >> 44 == 0;
            f64::from(if spike { 1000.0 } else { 40.0 + 20.0 * noise })
        })
        .collect()
}

fn columns(samples: usize) -> Vec<Column> {
    let at: Arc<[i64]> = (0..samples as i64).map(|i| i * STEP_NS).collect();
    (0..SERIES)
        .map(|i| Column {
            series: Series {
                key: SeriesKey::new("", format!("series {i}"), []),
                unit: Unit::new("1"),
                kind: Kind::Gauge,
                polarity: Polarity::Neutral,
            },
            at: Arc::clone(&at),
            values: values(i as u64, samples),
        })
        .collect()
}

/// Draws frames while `view` changes, in the real panel.
fn panel_frames(tracks: &[Track], mut view_of: impl FnMut(usize) -> Span) -> (Row, usize) {
    let mut window = Window::new();
    let mut state = panel::State::default();
    let clock = Clock::utc();
    let names: Vec<String> = (0..tracks.len()).map(|i| format!("series {i}")).collect();
    let curves: Vec<Curve<'_>> = tracks
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(i, (track, name))| Curve {
            track,
            name,
            look: Look::nth(i),
            shown: Shown::Visible,
        })
        .collect();
    let mut row = Row {
        what: "",
        times: Vec::with_capacity(FRAMES),
    };
    let mut vertices = 0;
    let mut wishes: Vec<Action> = Vec::new();
    for frame in 0..FRAMES {
        let shared = Shared {
            view: view_of(frame),
            clock: &clock,
            cursor: None,
            selection: None,
            measure: [None, None],
            annotations: &[],
            events: &[],
            mute: &[],
            flaws: &[],
            habits: Habits::default(),
        };
        let data = panel::Data {
            id: 1,
            title: "All series",
            curves: &curves,
            empty: "",
            style: Style {
                height: 760.0,
                ..Style::default()
            },
            shared,
        };
        let (time, count) = window.frame(|ui| wishes.extend(panel::ui(ui, &mut state, &data)));
        row.times.push(time);
        vertices = count;
    }
    assert!(wishes.is_empty(), "nobody touched the panel: {wishes:?}");
    (row, vertices)
}

/// Draws frames of a plain plot that is given every point.
fn plain_frames(samples: usize) -> (Row, usize) {
    let points: Vec<Vec<PlotPoint>> = (0..SERIES)
        .map(|i| {
            let values = values(i as u64, samples);
            let points = values.iter().enumerate();
            points
                .map(|(i, value)| PlotPoint::new(i as f64, *value))
                .collect()
        })
        .collect();
    let mut window = Window::new();
    let mut row = Row {
        what: "plain plot, as measured",
        times: Vec::new(),
    };
    let mut vertices = 0;
    for _ in 0..PLAIN_FRAMES {
        let (time, count) = window.frame(|ui| {
            Plot::new("plain").show(ui, |plot| {
                for (i, points) in points.iter().enumerate() {
                    plot.line(Line::new(i.to_string(), PlotPoints::Borrowed(points)));
                }
            });
        });
        row.times.push(time);
        vertices = count;
    }
    (row, vertices)
}

impl Row {
    fn named(self, what: &'static str) -> Self {
        Self { what, ..self }
    }

    /// Prints median, 99th percentile and the first frame.
    fn print(&self) {
        let first = self.times.first().copied().unwrap_or_default();
        let mut sorted: Vec<Duration> = self.times.iter().skip(1).copied().collect();
        sorted.sort();
        let at = |share: f64| {
            let index = (sorted.len() as f64 * share) as usize;
            let time = sorted.get(index.min(sorted.len().saturating_sub(1)));
            time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        };
        line(&format!(
            "{:34} {:>10.2} {:>10.2} {:>12.2}",
            self.what,
            at(0.5),
            at(0.99),
            first.as_secs_f64() * 1e3
        ));
    }
}

#[expect(clippy::print_stdout, reason = "the table is what a bench is for")]
fn line(text: &str) {
    println!("{text}");
}

fn build(columns: &[Column]) -> Vec<Track> {
    let start = processor_time();
    let tracks: Vec<Track> = columns.iter().map(Track::whole).collect();
    let built = processor_time().saturating_sub(start);
    let held: usize = tracks.iter().map(|it| it.pyramid().size_bytes()).sum();
    let values: usize = tracks.iter().map(|it| it.samples() * 8).sum();
    // Times are shared by the series, as they are when read from one source.
    let times = tracks.first().map_or(0, |it| it.samples() * 8);
    let mib = |bytes: usize| bytes as f64 / (1024.0 * 1024.0);
    line(&format!(
        "{SERIES} series × {} samples; pyramids built in {:.0} ms on one thread",
        columns.first().map_or(0, |it| it.at.len()),
        built.as_secs_f64() * 1e3
    ));
    line(&format!(
        "memory: values {:.0} MiB, shared times {:.0} MiB, pyramids {:.1} MiB; {:.2} × the values",
        mib(values),
        mib(times),
        mib(held),
        (values + times + held) as f64 / values.max(1) as f64
    ));
    tracks
}

/// Resident memory of this process in MiB, from `proc_pid_statm(5)`.
fn resident_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text
        .split_whitespace()
        .nth(1)
        .and_then(|it| it.parse().ok());
    pages.map_or(f64::NAN, |pages: f64| {
        pages * rustix::param::page_size() as f64 / (1024.0 * 1024.0)
    })
}

/// Opens a stored session of that size and draws it.
fn stored_frames(samples: usize) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("large.kymo");
    let source = store::ingest::Source {
        title: "large".to_owned(),
        created: Moment(0),
        columns: columns(samples),
        ..store::ingest::Source::default()
    };
    store::ingest::ingest(source, &path)?;
    let bytes = std::fs::metadata(&path)?.len();
    let before = resident_mib();
    let start = Instant::now();
    let (stored, _) = Stored::open(&path, &Context::default())?;
    let opened = start.elapsed();
    let keys = stored.series().iter().map(|series| &series.key);
    let tracks = keys
        .map(|key| stored.load(key))
        .collect::<Result<Vec<_>, _>>()?;
    let loaded = start.elapsed();
    let whole = stored.span();
    let mut first = Duration::ZERO;
    let (row, _) = panel_frames(&tracks, |i| {
        if i == 1 {
            first = start.elapsed();
        }
        pointer::moved(whole, (i as i64 % 60 - 30) * whole.length_ns() / 3000)
    });
    let held = resident_mib() - before;
    let values = (SERIES * samples * 8) as f64 / (1024.0 * 1024.0);
    line(&format!(
        "stored session of {:.0} MiB: opened in {:.0} ms, series ready after {:.0} ms, first picture after {:.0} ms",
        bytes as f64 / (1024.0 * 1024.0),
        opened.as_secs_f64() * 1e3,
        loaded.as_secs_f64() * 1e3,
        first.as_secs_f64() * 1e3,
    ));
    line(&format!(
        "memory added by opening and drawing it: {held:.0} MiB, {:.2} × the values",
        held / values
    ));
    row.named("stored session, panning").print();
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let samples = std::env::var("KYMO_PLOT_SAMPLES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SAMPLES);
    stored_frames(samples)?;
    let columns = columns(samples);
    let tracks = build(&columns);
    let whole = Span {
        from: Moment(0),
        to: Moment(samples as i64 * STEP_NS),
    };
    let length = whole.length_ns();
    line(&format!(
        "{:34} {:>10} {:>10} {:>12}",
        "CPU ms per frame", "p50", "p99", "first frame"
    ));
    let (still, vertices) = panel_frames(&tracks, |_| whole);
    still.named("panel, nothing changes").print();
    // A few samples beyond either end come and go, all the rest stays in view.
    let (row, _) = panel_frames(&tracks, |i| {
        pointer::moved(whole, (i as i64 % 60 - 30) * length / 3000)
    });
    row.named("panel, panning, all in view").print();
    let (row, _) = panel_frames(&tracks, |i| {
        let factor = 1.0 / (1.0 + (i % 60) as f64 / 300.0);
        pointer::zoomed(whole, Moment(length / 3), factor)
    });
    row.named("panel, zooming, all in view").print();
    let (row, _) = panel_frames(&tracks, |i| {
        pointer::zoomed(whole, Moment(length / 3), 1.05_f64.powi(i as i32))
    });
    row.named("panel, zooming in to samples").print();
    let plain = samples / PLAIN_SHARE;
    let (row, plain_vertices) = plain_frames(plain);
    row.print();
    let scaled = row.times.iter().map(|time| *time * PLAIN_SHARE as u32);
    let scaled = Row {
        what: "plain plot, scaled to all points",
        times: scaled.collect(),
    };
    scaled.print();
    line(&format!(
        "plain plot: {SERIES} × {plain} points, {plain_vertices} vertices; panel: {vertices} vertices"
    ));
    Ok(())
}
