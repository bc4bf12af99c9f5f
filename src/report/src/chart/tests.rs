//! Pictures by what they hold: heights, gaps, labels.

use model::catalog::{Kind, Polarity};
use model::series::Series;

use super::*;

const S: i64 = 1_000_000_000;

fn column(name: &str, values: &[f64]) -> Column {
    Column {
        series: Series {
            key: name.parse().unwrap_or_default(),
            unit: Unit::new("1"),
            kind: Kind::Gauge,
            polarity: Polarity::Neutral,
        },
        at: (0..values.len() as i64).map(|i| i * S).collect(),
        values: values.into(),
    }
}

fn chart(style: Style, columns: Vec<Column>) -> Option<Chart> {
    let window = columns.first()?.span();
    let input = ChartInput {
        title: "t".to_owned(),
        host: String::new(),
        style,
        ceiling: Some(1.0),
        lines: columns
            .into_iter()
            .map(|it| (it.series.key.metric.clone(), it))
            .collect(),
        band: None,
        window: None,
    };
    let frame = Frame { window, marks: &[] };
    Chart::new(1, &input, frame, &mut Sources::new("s", window))
}

#[test]
fn a_spike_of_one_sample_keeps_its_height() -> Result<(), &'static str> {
    let mut values = vec![0.1; 100_000];
    values[54_321] = 0.99;
    for style in [Style::Lines, Style::Stacked] {
        let chart = chart(style, vec![column("a", &values)]).ok_or("no chart")?;
        assert_eq!(
            chart.extent().max.max(0.99),
            chart.extent().max,
            "{style:?}"
        );
        let points: usize = chart.lines.iter().map(|it| it.points.len()).sum();
        assert!(points <= COLUMNS + 2, "{style:?}: {points}");
    }
    Ok(())
}

#[test]
fn gaps_are_not_bridged() -> Result<(), &'static str> {
    let nan = f64::NAN;
    let gappy = column("a", &[0.1, 0.2, nan, nan, nan, nan, 0.3, 0.4]);
    let chart = chart(Style::Lines, vec![gappy]).ok_or("no chart")?;
    let joined: Vec<_> = chart.lines[0].points.iter().map(|it| it.joined).collect();
    assert_eq!(joined, [false, true, false, true]);
    assert_eq!(
        chart.svg().matches("M").count() - 1,
        2,
        "one move a stretch, one in the legend"
    );
    Ok(())
}

#[test]
fn parts_stack_to_the_whole() -> Result<(), &'static str> {
    let parts = vec![
        column("a", &[0.1, 0.2, 0.3]),
        column("b", &[0.5, 0.5, f64::NAN]),
    ];
    let chart = chart(Style::Stacked, parts).ok_or("no chart")?;
    assert!((chart.extent().max - 0.7).abs() < 1e-12);
    Ok(())
}

#[test]
fn nothing_makes_no_chart() {
    assert!(chart(Style::Lines, vec![column("a", &[f64::NAN, f64::NAN])]).is_none());
}
