//! The whole session and its doubts, above all screens.

use analysis::envelope::{Envelope, envelope};
use analysis::track::Stamp;
use eframe::egui::Ui;
use model::series::SeriesKey;
use model::time::Span;

use super::{Scene, Views, Wish};
use crate::view::{overview, quality};
use crate::workspace::Item;

/// Room left of the time axis for captions, and right of it.
const INSET: [f32; 2] = [64.0, 16.0];

/// What the curve of the overview is made of.
const METRIC: &str = "system.cpu.utilization";

/// Scratch of the overview, with its curve.
#[derive(Default)]
pub struct Overview {
    state: overview::State,
    made_for: Option<(Vec<Stamp>, Span, usize)>,
    curve: Vec<(f32, f32)>,
    top: f32,
    label: String,
}

/// Draws both lanes.
pub(super) fn ui(ui: &mut Ui, views: &mut Views, scene: &Scene<'_>, wishes: &mut Vec<Wish>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let width = (ui.available_width() - INSET[0] - INSET[1]).max(1.0);
    let columns = (width * ui.ctx().pixels_per_point()) as usize;
    let items = curves(scene);
    views.overview.refresh(scene, &items, columns);
    views.wanted.extend(items);
    let timeline = scene.timeline;
    let data = overview::Data {
        session: timeline.whole(),
        view: timeline.view(),
        label: &views.overview.label,
        curve: &views.overview.curve,
        top: views.overview.top,
        events: scene.session.plain_events(),
        annotations: scene.session.notes(),
        cursor: timeline.pointed(),
        selection: timeline.selection,
        clock: scene.clock,
        inset: INSET,
    };
    let actions = overview::ui(ui, &mut views.overview.state, &data);
    wishes.extend(actions.into_iter().map(Wish::Overview));
    let judged = !scene.session.coverage().is_empty();
    let data = quality::Data {
        marks: judged.then(|| scene.session.marks()),
        version: scene.session.marks_version(),
        view: timeline.view(),
        clock: scene.clock,
        inset: INSET,
    };
    let actions = quality::ui(ui, &mut views.quality, &data);
    wishes.extend(actions.into_iter().map(Wish::Quality));
}

/// The processors of every host; of an imported file its first series.
fn curves(scene: &Scene<'_>) -> Vec<Item> {
    let hosts = scene.session.hosts().iter();
    let found: Vec<Item> = hosts
        .map(|host| SeriesKey::new(host.as_str(), METRIC, []))
        .filter(|key| scene.session.knows(key))
        .map(Item::Series)
        .collect();
    if !found.is_empty() {
        return found;
    }
    let first = scene.session.series().first();
    first
        .map(|it| Item::Series(it.key.clone()))
        .into_iter()
        .collect()
}

impl Overview {
    /// Works out the curve anew when its data, span or width changed.
    fn refresh(&mut self, scene: &Scene<'_>, items: &[Item], columns: usize) {
        let span = scene.timeline.whole();
        let tracks: Vec<_> = items
            .iter()
            .filter_map(|item| scene.session.track(item).ok())
            .collect();
        let stamps = tracks.iter().map(|track| track.stamp()).collect();
        let made_for = Some((stamps, span, columns));
        if self.made_for == made_for {
            return;
        }
        self.made_for = made_for;
        self.curve = vec![(f32::NAN, f32::NAN); columns];
        for track in &tracks {
            spread(&envelope(track, span, columns), span, &mut self.curve);
        }
        let largest = self
            .curve
            .iter()
            .map(|(_, max)| *max)
            .fold(0.0_f32, f32::max);
        let unit = tracks.first().map(|track| track.series().unit.clone());
        let share = unit.as_ref().is_some_and(|unit| unit.code() == "1");
        self.top = if share {
            1.0
        } else {
            largest.max(f32::MIN_POSITIVE)
        };
        self.label = match tracks.first() {
            Some(track) if track.series().key.metric == METRIC => "CPU".to_owned(),
            Some(track) => track.series().key.metric.clone(),
            None => String::new(),
        };
    }
}

/// Lays the extremes of an envelope over columns that span the session.
fn spread(envelope: &Envelope, span: Span, curve: &mut [(f32, f32)]) {
    let length = span.length_ns().max(1) as f64;
    let count = curve.len();
    let place = |at: i64| {
        let share = at.saturating_sub(span.from.0) as f64 / length;
        ((share * count as f64) as usize).min(count.saturating_sub(1))
    };
    let mut put = |from: usize, to: usize, (min, max): (f32, f32)| {
        for slot in curve.iter_mut().take(to + 1).skip(from) {
            // The minimum of a number and NaN is the number.
            *slot = (slot.0.min(min), slot.1.max(max));
        }
    };
    match envelope {
        Envelope::Columns { grid, columns } => {
            for (number, column) in columns.iter().enumerate() {
                if column.count > 0 {
                    let at = place(grid.start(number).max(span.from.0));
                    put(at, at, (column.min as f32, column.max as f32));
                }
            }
        }
        Envelope::Points(points) => {
            for pair in points.windows(2) {
                if pair[1].joint != analysis::envelope::Joint::Apart {
                    let value = pair[1].value as f32;
                    put(place(pair[0].at.0), place(pair[1].at.0), (value, value));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use analysis::envelope::{Joint, Point};
    use model::time::Moment;

    #[test]
    fn few_samples_fill_the_strip_and_gaps_stay_empty() {
        let point = |at, value, joint| Point {
            at: Moment(at),
            value,
            joint,
        };
        let span = Span {
            from: Moment(0),
            to: Moment(100),
        };
        let points = vec![
            point(0, 1.0, Joint::Apart),
            point(20, 2.0, Joint::Joined),
            point(80, 3.0, Joint::Apart),
            point(99, 4.0, Joint::Joined),
        ];
        let mut curve = vec![(f32::NAN, f32::NAN); 10];
        spread(&Envelope::Points(points), span, &mut curve);
        assert_eq!(curve[1], (2.0, 2.0));
        assert!(curve[5].0.is_nan());
        assert_eq!(curve[9], (4.0, 4.0));
    }
}
