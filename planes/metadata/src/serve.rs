//! The listeners of one task: HTTP in, answers out, limits on everything.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use crate::answer::answer;
use crate::bucket::Bucket;
use crate::path::cleaned;
use crate::source::Source;

/// How long a client may take to send headers or a body.
// AWS: the agent's read and write timeouts.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection may last, whatever comes over it.
const LIFETIME: Duration = Duration::from_secs(60);
/// The largest body.
const MAX_BODY: usize = 64 << 10;
/// The largest request line and headers together.
const MAX_HEAD: usize = 16 << 10;
/// The most headers.
const MAX_HEADERS: usize = 64;
/// The most connections of a task at a time, for each of its listeners.
const MAX_CONNECTIONS: usize = 64;

/// A listener at work; ends with this value, and all of its connections with it.
#[must_use = "the listener ends with it"]
pub struct Served(AbortHandle);

impl Drop for Served {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Answers calls of a task to the APIs of this installation.
pub trait Api: Send + Sync + 'static {
    /// Serves a connection that came from the task with this address.
    fn serve(&self, connection: TcpStream, from: IpAddr) -> BoxFuture<'static, ()>;
}

/// Serves metadata and credentials of a task at a listener that only the task can reach.
///
/// To be called within a runtime; the listener must not block.
pub fn serve(listener: std::net::TcpListener, source: Arc<dyn Source>) -> io::Result<Served> {
    let bucket = Arc::new(Bucket::full(Instant::now()));
    accept(listener, move |stream| {
        let (source, bucket) = (Arc::clone(&source), Arc::clone(&bucket));
        async move {
            let service = service_fn(|request| respond(&*source, &bucket, request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .max_headers(MAX_HEADERS)
                .max_buf_size(MAX_HEAD)
                // Small clients such as `nc` say that they are done before they are answered.
                .half_close(true)
                .serve_connection(TokioIo::new(stream), service);
            match timeout(LIFETIME, connection).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "a task's connection ended early"),
                Err(_) => tracing::debug!("a task's connection lasted too long"),
            }
        }
    })
}

/// Hands connections to the APIs of this installation.
///
/// To be called within a runtime; the listener must not block.
pub fn forward(listener: std::net::TcpListener, from: IpAddr, api: Arc<dyn Api>) -> io::Result<Served> {
    accept(listener, move |stream| api.serve(stream, from))
}

fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: std::net::TcpListener,
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> io::Result<Served> {
    let listener = TcpListener::from_std(listener)?;
    let accepting = async move {
        let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
                return;
            };
            while connections.try_join_next().is_some() {}
            match listener.accept().await {
                Ok((stream, _)) => {
                    let _ = stream.set_nodelay(true);
                    let served = serve(stream);
                    connections.spawn(async move {
                        served.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a task's connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    };
    Ok(Served(tokio::spawn(accepting).abort_handle()))
}

async fn respond(
    source: &dyn Source,
    bucket: &Bucket,
    request: http::Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if !bucket.take(Instant::now()) {
        return Ok(reply(429, &"You have reached maximum request limit.".into()));
    }
    let (head, body) = request.into_parts();
    let (path, query) = (head.uri.path(), head.uri.query());
    if let Some(clean) = cleaned(path) {
        let to = query.map_or_else(|| clean.clone(), |query| format!("{clean}?{query}"));
        let mut moved = reply(301, &serde_json::Value::Null);
        *moved.body_mut() = Full::default();
        if let Ok(to) = HeaderValue::from_str(&to) {
            moved.headers_mut().insert(LOCATION, to);
        }
        return Ok(moved);
    }
    let body = match timeout(PATIENCE, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return Ok(reply(413, &"the request body could not be read".into())),
        Err(_) => return Ok(reply(408, &"the request body took too long".into())),
    };
    let (status, body) = answer(source, &head.method, path, query, &body).await;
    Ok(reply(status, &body))
}

fn reply(status: u16, body: &serde_json::Value) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(Bytes::from(body.to_string())));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    reply.headers_mut().insert(CONTENT_TYPE, json);
    reply
}
