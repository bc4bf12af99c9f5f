//! OTLP over HTTP and gRPC.
//!
//! HTTP: `POST /v1/traces`, `/v1/metrics`, `/v1/logs`, protobuf or JSON, plain or gzip.
//! gRPC: the three `Export` methods, which are unary, so that a message and its status
//! are all there is to the protocol.
//!
//! Bounds: connections, bytes of all bodies under way, time for a header and for a body.
//! Who asks beyond them, or while the thread uses more than it may, is asked to come
//! again a second later, which exporters do.
//!
//! # Source
//!
//! OTLP specification 1.9, "OTLP/HTTP" and "OTLP/gRPC"; gRPC over HTTP/2.

use std::convert::Infallible;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use telemetry::otlp::{self, Encoding, Signal};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Limits;
use super::inbox::Shared;

#[cfg(feature = "grpc")]
mod grpc;

/// Connections at a time.
const CONNECTIONS_MAX: usize = 64;

/// Largest body, packed or not: collectors take 20 MiB.
const BODY_MAX_BYTES: usize = 16 << 20;

/// A body is counted in pieces of this size against those under way.
const PIECE_BYTES: usize = 16 << 10;

/// How long a header or a body may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A socket that listens.
pub(super) struct Listener {
    pub(super) socket: std::net::TcpListener,
    /// Whether gRPC is spoken there.
    pub(super) grpc: bool,
}

/// What all listeners share: how much may be under way.
pub(super) struct Gate {
    connections: Arc<Semaphore>,
    pieces: Arc<Semaphore>,
}

/// Why an export was not taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refused {
    NotFound,
    NotPost,
    Encoding(String),
    TooLarge,
    Slow,
    Busy,
    Damaged(String),
}

impl Gate {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            connections: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
            pieces: Arc::new(Semaphore::new(limits.body_bytes.div_ceil(PIECE_BYTES))),
        }
    }
}

/// Answers connections until it is dropped, and they with it.
pub(super) async fn run(listener: Listener, shared: Arc<Shared>, gate: Arc<Gate>) {
    let Ok(socket) = TcpListener::from_std(listener.socket) else {
        return;
    };
    let mut talks = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&gate.connections).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = socket.accept().await else {
            // Out of descriptors, perhaps; they come back as connections end.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        while talks.try_join_next().is_some() {
            // Those that ended need no room any more.
        }
        let (shared, gate) = (Arc::clone(&shared), Arc::clone(&gate));
        let grpc = listener.grpc;
        talks.spawn(async move {
            converse(stream, grpc, shared, gate).await;
            drop(permit);
        });
    }
}

#[cfg_attr(
    not(feature = "grpc"),
    expect(unused_variables, reason = "gRPC is not spoken in this build")
)]
async fn converse(stream: TcpStream, grpc: bool, shared: Arc<Shared>, gate: Arc<Gate>) {
    #[cfg(feature = "grpc")]
    if grpc {
        grpc::serve(stream, shared, gate).await;
        return;
    }
    let service = service_fn(move |request| {
        let (shared, gate) = (Arc::clone(&shared), Arc::clone(&gate));
        async move { Ok::<_, Infallible>(answer(request, &shared, &gate).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(64 << 10)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that breaks off has nothing to be told.
    drop(connection.await);
}

async fn answer(request: Request<Incoming>, shared: &Shared, gate: &Gate) -> Response<Full<Bytes>> {
    let encoding = content(request.headers());
    match take(request, encoding, shared, gate).await {
        Ok(encoding) => {
            // An empty message says that everything was taken.
            let body = match encoding {
                Encoding::Protobuf => Bytes::new(),
                Encoding::Json => Bytes::from_static(b"{}"),
            };
            let mut response = Response::new(Full::new(body));
            let kind = hyper::header::HeaderValue::from_static(encoding.content_type());
            response.headers_mut().insert(CONTENT_TYPE, kind);
            response
        }
        Err(refused) => refused.response(shared),
    }
}

async fn take(
    request: Request<Incoming>,
    encoding: Result<Encoding, Refused>,
    shared: &Shared,
    gate: &Gate,
) -> Result<Encoding, Refused> {
    let signal = Signal::of_path(request.uri().path()).ok_or(Refused::NotFound)?;
    if request.method() != Method::POST {
        return Err(Refused::NotPost);
    }
    let encoding = encoding?;
    if shared.is_over_budget() {
        return Err(Refused::Busy);
    }
    let packed = is_packed(request.headers(), CONTENT_ENCODING.as_str())?;
    let (body, _room) = read(request, gate).await?;
    let body = if packed { unpacked(&body)? } else { body };
    put(signal, &body, encoding, shared)?;
    Ok(encoding)
}

/// Decodes a body and hands it to the inbox.
fn put(signal: Signal, body: &[u8], encoding: Encoding, shared: &Shared) -> Result<(), Refused> {
    let damaged = |error: otlp::Undecodable| Refused::Damaged(error.to_string());
    match signal {
        Signal::Traces => {
            let traces = otlp::traces(body, encoding).map_err(damaged)?;
            shared.traces(&traces, body.len());
        }
        Signal::Metrics => {
            shared.points(otlp::metrics(body, encoding).map_err(damaged)?, body.len());
        }
        Signal::Logs => shared.logs(otlp::logs(body, encoding).map_err(damaged)?, body.len()),
    }
    Ok(())
}

/// Reads a body within its bounds; what is returned beside it holds its room.
async fn read(
    request: Request<Incoming>,
    gate: &Gate,
) -> Result<(Bytes, tokio::sync::OwnedSemaphorePermit), Refused> {
    use hyper::body::Body;
    let told = request.body().size_hint().upper();
    let size = usize::try_from(told.unwrap_or(BODY_MAX_BYTES as u64 / 4)).unwrap_or(usize::MAX);
    if size > BODY_MAX_BYTES {
        return Err(Refused::TooLarge);
    }
    let pieces = u32::try_from(size.div_ceil(PIECE_BYTES).max(1)).unwrap_or(u32::MAX);
    let waiting = Arc::clone(&gate.pieces).acquire_many_owned(pieces);
    let room = tokio::time::timeout(PATIENCE, waiting).await;
    let room = room
        .map_err(|_| Refused::Busy)?
        .map_err(|_| Refused::Busy)?;
    // No more than there is room for.
    let body = Limited::new(request.into_body(), size.max(1)).collect();
    let body = tokio::time::timeout(PATIENCE, body)
        .await
        .map_err(|_| Refused::Slow)?;
    match body {
        Ok(body) => Ok((body.to_bytes(), room)),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Refused::TooLarge),
        Err(error) => Err(Refused::Damaged(error.to_string())),
    }
}

fn content(headers: &HeaderMap) -> Result<Encoding, Refused> {
    let text = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let text = text.unwrap_or_default();
    Encoding::of_content_type(text)
        .ok_or_else(|| Refused::Encoding(format!("content type {text:?}")))
}

/// Whether a body is packed with gzip; any other packing is refused.
fn is_packed(headers: &HeaderMap, name: &str) -> Result<bool, Refused> {
    match headers.get(name).map(hyper::header::HeaderValue::as_bytes) {
        None | Some(b"identity" | b"") => Ok(false),
        Some(b"gzip") => Ok(true),
        Some(other) => Err(Refused::Encoding(format!(
            "packing {:?}",
            String::from_utf8_lossy(other)
        ))),
    }
}

fn unpacked(body: &[u8]) -> Result<Bytes, Refused> {
    let mut out = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(body).take(BODY_MAX_BYTES as u64 + 1);
    match reader.read_to_end(&mut out) {
        Ok(size) if size > BODY_MAX_BYTES => Err(Refused::TooLarge),
        Ok(_) => Ok(out.into()),
        Err(error) => Err(Refused::Damaged(error.to_string())),
    }
}

impl Refused {
    /// Counts it.
    fn count(&self, shared: &Shared) {
        let mut inbox = shared.lock();
        let counts = inbox.counts();
        match self {
            Self::TooLarge => counts.too_large += 1,
            Self::Busy | Self::Slow => counts.put_off += 1,
            Self::Damaged(_) => counts.damaged += 1,
            Self::NotFound | Self::NotPost | Self::Encoding(_) => {}
        }
    }

    fn text(&self) -> String {
        match self {
            Self::NotFound => "want /v1/traces, /v1/metrics or /v1/logs".to_owned(),
            Self::NotPost => "want POST".to_owned(),
            Self::Encoding(what) => format!(
                "{what} is not understood; want application/x-protobuf or application/json, plain or gzip"
            ),
            Self::TooLarge => format!(
                "more than {} MiB; send smaller batches",
                BODY_MAX_BYTES >> 20
            ),
            Self::Slow => "the body did not come in time".to_owned(),
            Self::Busy => "too much at a time; send it again".to_owned(),
            Self::Damaged(why) => why.clone(),
        }
    }

    fn response(&self, shared: &Shared) -> Response<Full<Bytes>> {
        self.count(shared);
        let status = match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::NotPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::Encoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Damaged(_) => StatusCode::BAD_REQUEST,
        };
        let mut response = Response::new(Full::new(Bytes::from(self.text())));
        *response.status_mut() = status;
        if *self == Self::Busy {
            let second = hyper::header::HeaderValue::from_static("1");
            response.headers_mut().insert(RETRY_AFTER, second);
        }
        response
    }
}
