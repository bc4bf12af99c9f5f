//! Log records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;

use super::UNKNOWN_SERVICE;
use super::value::{nanoseconds, text, text_of};

/// One log record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// When it happened, or was noticed.
    pub at_ns: i64,
    /// The service that wrote it.
    pub service: String,
    /// 1 to 24, higher is worse; 0 when not told. 9 is information, 13 a warning, 17 an
    /// error.
    pub severity: u8,
    /// The severity in the sender's words; may be empty.
    pub severity_text: String,
    /// What it says.
    pub text: String,
}

/// The records of an export, in its order.
pub(super) fn records(request: ExportLogsServiceRequest) -> Vec<Log> {
    let mut logs = Vec::new();
    for group in request.resource_logs {
        let resource = group.resource.map(|it| it.attributes).unwrap_or_default();
        let service = text_of(&resource, "service.name").filter(|it| !it.is_empty());
        let service = service.unwrap_or(UNKNOWN_SERVICE);
        for record in group.scope_logs.into_iter().flat_map(|it| it.log_records) {
            let at = match record.time_unix_nano {
                0 => record.observed_time_unix_nano,
                at => at,
            };
            logs.push(Log {
                at_ns: nanoseconds(at),
                service: service.to_owned(),
                severity: u8::try_from(record.severity_number.clamp(0, 24)).unwrap_or_default(),
                text: text(record.body.as_ref()).into_owned(),
                severity_text: record.severity_text,
            });
        }
    }
    logs
}
