//! Points of metrics, with their buckets as they came.

use model::catalog::Kind;
use model::histogram::{BUCKETS_MAX, Buckets, Explicit, Exponential, Histogram, Run};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets as ProtoBuckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as ProtoValue;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, DataPointFlags, ExponentialHistogramDataPoint, HistogramDataPoint,
    NumberDataPoint, SummaryDataPoint,
};

use super::UNKNOWN_SERVICE;
use super::value::{nanoseconds, text, text_of};

/// One point of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Name of the metric.
    pub metric: String,
    /// UCUM code, as the sender wrote it; empty when not told.
    pub unit: String,
    /// Attributes, sorted by key, `service.name` among them.
    pub attributes: Vec<(String, String)>,
    /// Begin of the interval it covers; 0 when not told.
    pub start_ns: i64,
    /// When it was observed.
    pub at_ns: i64,
    /// What was observed; `None` where the sender says that there is none.
    pub value: Option<Value>,
}

impl Point {
    /// Level, running total or histogram.
    pub fn kind(&self) -> Kind {
        match &self.value {
            Some(Value::Total(_) | Value::Growth(_)) => Kind::Counter,
            Some(Value::Observed(_) | Value::AllObserved(_)) => Kind::Histogram,
            _ => Kind::Gauge,
        }
    }

    /// Its unit; that of values without one where none was told.
    pub fn unit(&self) -> &str {
        match self.unit.as_str() {
            "" => "{value}",
            unit => unit,
        }
    }
}

/// What a point says.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A level.
    Level(f64),
    /// A running total that only grows.
    Total(f64),
    /// How much a running total grew over the interval.
    Growth(f64),
    /// How much a level changed over the interval.
    Change(f64),
    /// Observations since the sender started.
    AllObserved(Histogram),
    /// Observations within the interval.
    Observed(Histogram),
}

/// Attributes of a resource that name a series.
const RESOURCE_KEYS: [&str; 3] = ["service.instance.id", "host.name", "process.pid"];

/// Places of buckets lie below this: beyond it no number is that large or small.
const OFFSET_MAX: u32 = i32::MAX as u32 / 2;

/// The points of an export, in its order.
pub(super) fn points(request: ExportMetricsServiceRequest) -> Vec<Point> {
    let mut points = Vec::new();
    for group in request.resource_metrics {
        let resource = group.resource.map(|it| it.attributes).unwrap_or_default();
        for metric in group.scope_metrics.into_iter().flat_map(|it| it.metrics) {
            let of = Metric {
                name: metric.name,
                unit: metric.unit,
                resource: &resource,
            };
            if let Some(data) = metric.data {
                of.read(data, &mut points);
            }
        }
    }
    points
}

/// What the points of one metric share.
struct Metric<'a> {
    name: String,
    unit: String,
    resource: &'a [KeyValue],
}

impl Metric<'_> {
    fn read(&self, data: Data, out: &mut Vec<Point>) {
        match data {
            Data::Gauge(gauge) => out.extend(
                gauge
                    .data_points
                    .iter()
                    .map(|it| self.number(it, Value::Level)),
            ),
            Data::Sum(sum) => {
                let say = match (is_delta(sum.aggregation_temporality), sum.is_monotonic) {
                    (false, true) => Value::Total,
                    (false, false) => Value::Level,
                    (true, true) => Value::Growth,
                    (true, false) => Value::Change,
                };
                out.extend(sum.data_points.iter().map(|it| self.number(it, say)));
            }
            Data::Histogram(histogram) => {
                let say = observed(histogram.aggregation_temporality);
                let points = histogram.data_points.into_iter();
                out.extend(points.map(|it| self.explicit(it, say)));
            }
            Data::ExponentialHistogram(histogram) => {
                let say = observed(histogram.aggregation_temporality);
                let points = histogram.data_points.into_iter();
                out.extend(points.map(|it| self.exponential(it, say)));
            }
            Data::Summary(summary) => {
                for point in summary.data_points {
                    self.summary(&point, out);
                }
            }
        }
    }

    fn point(&self, (start, at): (u64, u64), own: &[KeyValue], value: Option<Value>) -> Point {
        let service = text_of(self.resource, "service.name").filter(|it| !it.is_empty());
        let named = self.resource.iter();
        let named = named.filter(|it| RESOURCE_KEYS.contains(&it.key.as_str()));
        let mut attributes: Vec<(String, String)> = own
            .iter()
            .chain(named)
            .map(|it| (it.key.clone(), text(it.value.as_ref()).into_owned()))
            .collect();
        if attributes.iter().all(|(key, _)| key != "service.name") {
            let service = service.unwrap_or(UNKNOWN_SERVICE).to_owned();
            attributes.push(("service.name".to_owned(), service));
        }
        attributes.sort();
        attributes.dedup_by(|a, b| a.0 == b.0);
        Point {
            metric: self.name.clone(),
            unit: self.unit.clone(),
            attributes,
            start_ns: nanoseconds(start),
            at_ns: nanoseconds(at),
            value,
        }
    }

    fn number(&self, point: &NumberDataPoint, say: fn(f64) -> Value) -> Point {
        let number = point.value.as_ref().map(|it| match it {
            ProtoValue::AsDouble(it) => *it,
            ProtoValue::AsInt(it) => *it as f64,
        });
        let value = number.filter(|_| is_recorded(point.flags)).map(say);
        let times = (point.start_time_unix_nano, point.time_unix_nano);
        self.point(times, &point.attributes, value)
    }

    fn explicit(&self, point: HistogramDataPoint, say: fn(Histogram) -> Value) -> Point {
        let sound = point.explicit_bounds.is_sorted_by(|a, b| a < b)
            && point.explicit_bounds.iter().all(|it| it.is_finite());
        let (bounds, counts) = match point.bucket_counts.len() {
            len if sound && len == point.explicit_bounds.len() + 1 && len <= BUCKETS_MAX => {
                (point.explicit_bounds, point.bucket_counts)
            }
            // Without buckets, or with more than anybody can tell apart, there is one.
            _ => (Vec::new(), vec![point.count]),
        };
        let histogram = Histogram {
            count: point.count,
            sum: point.sum.unwrap_or(f64::NAN),
            min: point.min.unwrap_or(f64::NAN),
            max: point.max.unwrap_or(f64::NAN),
            buckets: Buckets::Explicit(Explicit {
                bounds: bounds.into(),
                counts,
            }),
        };
        let value = is_recorded(point.flags).then(|| say(histogram));
        let times = (point.start_time_unix_nano, point.time_unix_nano);
        self.point(times, &point.attributes, value)
    }

    fn exponential(
        &self,
        point: ExponentialHistogramDataPoint,
        say: fn(Histogram) -> Value,
    ) -> Point {
        let histogram = Histogram {
            count: point.count,
            sum: point.sum.unwrap_or(f64::NAN),
            min: point.min.unwrap_or(f64::NAN),
            max: point.max.unwrap_or(f64::NAN),
            buckets: Buckets::Exponential(Exponential {
                // The specification allows -10 to 20.
                scale: i8::try_from(point.scale.clamp(-10, 20)).unwrap_or_default(),
                zero: point.zero_count,
                positive: run(point.positive),
                negative: run(point.negative),
            }),
        };
        let value = is_recorded(point.flags).then(|| say(histogram));
        let times = (point.start_time_unix_nano, point.time_unix_nano);
        self.point(times, &point.attributes, value)
    }

    /// A summary becomes a level per quantile, and totals of count and sum.
    fn summary(&self, point: &SummaryDataPoint, out: &mut Vec<Point>) {
        let times = (point.start_time_unix_nano, point.time_unix_nano);
        let recorded = is_recorded(point.flags);
        for it in &point.quantile_values {
            let value = recorded.then_some(Value::Level(it.value));
            let mut one = self.point(times, &point.attributes, value);
            one.attributes
                .push(("quantile".to_owned(), it.quantile.to_string()));
            one.attributes.sort();
            out.push(one);
        }
        let totals = [("count", point.count as f64), ("sum", point.sum)];
        for (suffix, total) in totals {
            let value = recorded.then_some(Value::Total(total));
            let mut one = self.point(times, &point.attributes, value);
            one.metric = format!("{}.{suffix}", self.name);
            if suffix == "count" {
                one.unit = "{observation}".to_owned();
            }
            out.push(one);
        }
    }
}

fn run(buckets: Option<ProtoBuckets>) -> Run {
    let buckets = buckets.unwrap_or_default();
    let run = Run {
        first: buckets.offset,
        counts: buckets.bucket_counts,
    }
    .trimmed();
    // Buckets so far away hold no number that can be written.
    if run.first.unsigned_abs() < OFFSET_MAX && run.counts.len() <= BUCKETS_MAX {
        run
    } else {
        Run::default()
    }
}

fn observed(temporality: i32) -> fn(Histogram) -> Value {
    if is_delta(temporality) {
        Value::Observed
    } else {
        Value::AllObserved
    }
}

fn is_delta(temporality: i32) -> bool {
    temporality == AggregationTemporality::Delta as i32
}

fn is_recorded(flags: u32) -> bool {
    flags & DataPointFlags::NoRecordedValueMask as u32 == 0
}
