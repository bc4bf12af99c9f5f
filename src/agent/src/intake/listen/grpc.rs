//! The unary calls of gRPC, as far as exporters make them.
//!
//! A request is one message: a byte that says whether it is packed, four of length, and
//! the protobuf. An answer is an empty message and a status in trailers.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use telemetry::otlp::{Encoding, Signal};
use tokio::net::TcpStream;

use super::{Gate, PATIENCE, Refused, is_packed, put, read, unpacked};
use crate::intake::inbox::Shared;

/// Streams of one connection at a time.
const STREAMS_MAX: u32 = 32;

/// Bytes that may come before they are read.
const WINDOW_BYTES: u32 = 1 << 20;

/// An empty message, not packed.
const EMPTY_MESSAGE: &[u8] = &[0; 5];

/// A body of few frames.
struct Frames(VecDeque<Frame<Bytes>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(Ok))
    }
}

/// Answers the calls of one connection.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>, gate: Arc<Gate>) {
    let service = service_fn(move |request| {
        let (shared, gate) = (Arc::clone(&shared), Arc::clone(&gate));
        async move { Ok::<_, Infallible>(answer(request, &shared, &gate).await) }
    });
    let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PATIENCE)
        .keep_alive_timeout(PATIENCE)
        .max_concurrent_streams(STREAMS_MAX)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_header_list_size(16 << 10)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that breaks off has nothing to be told.
    drop(connection.await);
}

async fn answer(request: Request<Incoming>, shared: &Shared, gate: &Gate) -> Response<Frames> {
    let mut trailers = HeaderMap::new();
    let mut frames = VecDeque::new();
    match take(request, shared, gate).await {
        Ok(()) => {
            frames.push_back(Frame::data(Bytes::from_static(EMPTY_MESSAGE)));
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
        }
        Err(refused) => {
            refused.count(shared);
            trailers.insert("grpc-status", HeaderValue::from_static(code(&refused)));
            let text: String = refused.text().chars().filter(char::is_ascii).collect();
            if let Ok(text) = HeaderValue::from_str(&text.replace(['%', '\n'], " ")) {
                trailers.insert("grpc-message", text);
            }
        }
    }
    frames.push_back(Frame::trailers(trailers));
    let mut response = Response::new(Frames(frames));
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

/// The status of a call that was refused; exporters try again on 8 and 14.
///
/// # Source
///
/// gRPC status codes; OTLP specification, "Failures".
fn code(refused: &Refused) -> &'static str {
    match refused {
        Refused::NotFound => "12",
        Refused::NotPost | Refused::Encoding(_) => "12",
        Refused::TooLarge => "3",
        Refused::Slow => "4",
        Refused::Busy => "14",
        Refused::Damaged(_) => "3",
    }
}

async fn take(request: Request<Incoming>, shared: &Shared, gate: &Gate) -> Result<(), Refused> {
    let signal = Signal::of_path(request.uri().path()).ok_or(Refused::NotFound)?;
    if shared.is_over_budget() {
        return Err(Refused::Busy);
    }
    let may_be_packed = is_packed(request.headers(), "grpc-encoding")?;
    let (body, _room) = read(request, gate).await?;
    let damaged = |why: &str| Refused::Damaged(why.to_owned());
    let (head, message) = body
        .split_at_checked(5)
        .ok_or_else(|| damaged("no message"))?;
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]);
    let message = message
        .get(..length as usize)
        .ok_or_else(|| damaged("the message is cut short"))?;
    match (head[0], may_be_packed) {
        (0, _) => put(signal, message, Encoding::Protobuf, shared),
        (1, true) => put(signal, &unpacked(message)?, Encoding::Protobuf, shared),
        _ => Err(damaged("the message is packed in a way that was not told")),
    }
}
