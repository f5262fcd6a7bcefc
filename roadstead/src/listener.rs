//! The listener: HTTP/1.1 connections in, whole requests to the kernel, replies out. Limits on everything.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use roadstead_kernel::{BoxFuture, Fault, Kernel, Peer, Result};
use roadstead_wire::{Frames, Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::Installation;
use crate::admin;

/// The largest request body, in bytes.
pub const MAX_BODY: usize = 10 << 20;
/// The most headers of a request.
const MAX_HEADERS: usize = 100;
/// The largest request line and headers together, in bytes.
const MAX_HEAD: usize = 64 << 10;
/// How long a client may take to send its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long connections may take to finish their request at the end.
const DRAIN: Duration = Duration::from_secs(5);

/// A bound socket in front of an installation.
pub struct Listener {
    socket: TcpListener,
    installation: Arc<Installation>,
}

impl Listener {
    /// Binds an address; port 0 picks a free one.
    pub async fn bind(address: SocketAddr, installation: Arc<Installation>) -> Result<Self> {
        let socket = TcpListener::bind(address)
            .await
            .map_err(|error| Fault::internal(format_args!("listening on `{address}`: {error}")))?;
        Ok(Self { socket, installation })
    }

    /// The address that was bound.
    pub fn address(&self) -> Result<SocketAddr> {
        self.socket.local_addr().map_err(Fault::internal)
    }

    /// Serves until `stop` turns true, then lets requests in flight finish.
    pub async fn serve(self, mut stop: watch::Receiver<bool>) {
        let connections = Arc::new(tokio::sync::Semaphore::new(Self::MAX_CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = stopped(&mut stop) => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
                break;
            };
            let _ = stream.set_nodelay(true);
            let installation = Arc::clone(&self.installation);
            let mut stop = stop.clone();
            tokio::spawn(async move {
                let until = stop.clone();
                let service = service_fn(|request| answer(&installation, request, peer.ip(), &until));
                let connection = http().serve_connection(TokioIo::new(stream), service);
                tokio::pin!(connection);
                let ended = tokio::select! {
                    outcome = &mut connection => Some(outcome),
                    () = stopped(&mut stop) => None,
                };
                match ended {
                    Some(outcome) => trace_end(outcome),
                    None => {
                        connection.as_mut().graceful_shutdown();
                        trace_end(connection.await);
                    }
                }
                drop(permit);
            });
        }
        let all = u32::try_from(Self::MAX_CONNECTIONS).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(DRAIN, connections.acquire_many(all)).await;
    }

    /// The most connections at a time.
    const MAX_CONNECTIONS: usize = 4096;
}

/// HTTP/1.1 with limits; a client that ends its side with its request is answered all the same.
fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .half_close(true);
    http
}

/// The APIs, as tasks reach them: the same as everybody's, without our own paths beside them.
pub struct TaskApi(pub Arc<Kernel>);

impl roadstead_ecs::metadata::Api for TaskApi {
    fn serve(&self, connection: TcpStream, from: IpAddr) -> BoxFuture<'static, ()> {
        let kernel = Arc::clone(&self.0);
        Box::pin(async move {
            let service = service_fn(|request| async {
                let request = match whole(request).await {
                    Ok(request) => request,
                    Err(refusal) => return Ok::<_, Infallible>(refusal),
                };
                let peer = Peer {
                    address: from,
                    secure: false,
                };
                Ok(reply(answer_to_the_end(&kernel, request, peer).await, None))
            });
            trace_end(http().serve_connection(TokioIo::new(connection), service).await);
        })
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A sender that is gone means the same as one that said so.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn trace_end(outcome: std::result::Result<(), hyper::Error>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    installation: &Arc<Installation>,
    request: hyper::Request<Incoming>,
    peer: IpAddr,
    stop: &watch::Receiver<bool>,
) -> std::result::Result<hyper::Response<ReplyBody>, Infallible> {
    let request = match whole(request).await {
        Ok(request) => request,
        Err(refusal) => return Ok(refusal),
    };
    if request.uri.path().starts_with("/_roadstead/") {
        return Ok(reply(admin::answer(installation, &request, peer).await, None));
    }
    let peer = Peer {
        address: peer,
        secure: false,
    };
    let response = answer_to_the_end(&installation.kernel, request, peer).await;
    Ok(reply(response, Some(stop)))
}

/// Answers on a task of its own: a client that hangs up must not leave what was begun without its end, or its record.
async fn answer_to_the_end(kernel: &Arc<Kernel>, request: Request, peer: Peer) -> Response {
    let kernel = Arc::clone(kernel);
    let answered = tokio::spawn(async move { kernel.answer(&request, peer).await });
    match answered.await {
        Ok(response) => response,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Only a runtime that ends cancels it, and then nobody is answered.
            Err(_) => std::future::pending().await,
        },
    }
}

/// A request with its whole body, or why there is none.
async fn whole(request: hyper::Request<Incoming>) -> std::result::Result<Request, hyper::Response<ReplyBody>> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(plain(413, "The request body is larger than 10 MiB.\n"));
        }
        Err(_) => return Err(plain(400, "The request body could not be read.\n")),
    };
    Ok(Request {
        method: head.method,
        uri: head.uri,
        headers: head.headers,
        body,
    })
}

/// A body as it is sent: what is there, then what comes until the server stops.
struct ReplyBody {
    whole: Option<Bytes>,
    frames: Option<Frames>,
    stopped: Option<BoxFuture<'static, ()>>,
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        if let Some(whole) = self.whole.take() {
            return Poll::Ready(Some(Ok(Frame::data(whole))));
        }
        let is_over = self
            .stopped
            .as_mut()
            .is_some_and(|stopped| stopped.as_mut().poll(cx).is_ready());
        if is_over {
            (self.frames, self.stopped) = (None, None);
        }
        match &mut self.frames {
            Some(frames) => frames
                .poll_next(cx)
                .map(|next| next.map(|bytes| Ok(Frame::data(bytes)))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.whole.is_none() && self.frames.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.whole, &self.frames) {
            (_, Some(_)) => SizeHint::default(),
            (whole, None) => SizeHint::with_exact(whole.as_ref().map_or(0, |whole| whole.len() as u64)),
        }
    }
}

fn reply(response: Response, stop: Option<&watch::Receiver<bool>>) -> hyper::Response<ReplyBody> {
    let stopped = stop.filter(|_| response.frames.is_some()).map(|stop| {
        let mut stop = stop.clone();
        Box::pin(async move { stopped(&mut stop).await }) as BoxFuture<'static, ()>
    });
    let mut reply = hyper::Response::new(ReplyBody {
        whole: Some(response.body).filter(|body| !body.is_empty()),
        frames: response.frames,
        stopped,
    });
    *reply.status_mut() = response.status;
    *reply.headers_mut() = response.headers;
    reply
}

fn plain(status: u16, text: &'static str) -> hyper::Response<ReplyBody> {
    let mut reply = hyper::Response::new(ReplyBody {
        whole: Some(Bytes::from_static(text.as_bytes())),
        frames: None,
        stopped: None,
    });
    *reply.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_REQUEST);
    reply
}
