//! A small signed client over HTTP/1.1, for the tools of this program: the demo, tests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, Uri};
use roadstead_core::{Clock as _, time::SystemClock};
use roadstead_kernel::{Fault, Result};
use roadstead_wire::sigv4;
use roadstead_wire::sigv4::sign::{Credentials, Signer};

use crate::data_dir::RootKeys;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Calls the AWS APIs of a server as its root user.
#[derive(Clone, Debug)]
pub struct Client {
    authority: String,
    keys: RootKeys,
    region: String,
}

/// What a server answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Client {
    /// A client for an endpoint such as `http://127.0.0.1:4566`.
    pub fn new(endpoint: &str, keys: RootKeys, region: &str) -> Self {
        let authority = endpoint.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self {
            authority,
            keys,
            region: region.to_owned(),
        }
    }

    /// The same client for another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self {
            region: region.to_owned(),
            ..self.clone()
        }
    }

    /// Calls an operation of a JSON service: `ecs`, `AmazonEC2ContainerServiceV20141113.CreateCluster`.
    pub fn json(&self, service: &str, target: &str, input: &serde_json::Value) -> Result<serde_json::Value> {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let answer = self.send(service, &headers, input.to_string().as_bytes())?;
        let body: serde_json::Value = serde_json::from_str(&answer.body).map_err(Fault::internal)?;
        if answer.status == 200 {
            Ok(body)
        } else {
            Err(Fault::internal(format_args!("{target}: {body}")))
        }
    }

    /// Calls an operation of a form service: `iam`, `Action=GetRole&Version=2010-05-08&…`.
    pub fn form(&self, service: &str, form: &str) -> Result<Answer> {
        self.send(
            service,
            &[("content-type", "application/x-www-form-urlencoded; charset=utf-8")],
            form.as_bytes(),
        )
    }

    /// Calls one of our own signed paths, such as `/_roadstead/explain`.
    pub fn own(&self, path: &'static str, body: &str) -> Result<Answer> {
        self.send_to(
            path,
            "roadstead",
            &[("content-type", "application/json")],
            body.as_bytes(),
        )
    }

    fn send(&self, service: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Result<Answer> {
        self.send_to("/", service, headers, body)
    }

    fn send_to(
        &self,
        path: &'static str,
        service: &str,
        headers: &[(&'static str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let mut map = HeaderMap::new();
        map.insert("host", HeaderValue::from_str(&self.authority).map_err(Fault::internal)?);
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_str(value).map_err(Fault::internal)?);
        }
        let uri = Uri::from_static(path);
        let credentials = Credentials {
            access_key_id: &self.keys.access_key_id,
            secret_access_key: &self.keys.secret_access_key,
            session_token: None,
        };
        let signed = Signer::new(credentials, &self.region, service)
            .sign(sigv4::Request::of(&Method::POST, &uri, &map), body, SystemClock.now())
            .map_err(|error| Fault::internal(format_args!("signing a request: {error:?}")))?;
        map.extend(signed.into_iter().map(|(name, value)| (Some(name), value)));
        let mut head = format!(
            "POST {path} HTTP/1.1\r\ncontent-length: {}\r\nconnection: close\r\n",
            body.len()
        )
        .into_bytes();
        for (name, value) in &map {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head.extend_from_slice(body);
        exchange(&self.authority, &head)
    }
}

/// Fetches one of our own paths, such as `/_roadstead/health`.
pub fn get(endpoint: &str, path: &str) -> Result<Answer> {
    let authority = endpoint.trim_start_matches("http://").trim_end_matches('/');
    exchange(
        authority,
        format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n").as_bytes(),
    )
}

fn exchange(authority: &str, request: &[u8]) -> Result<Answer> {
    let failed = |error: std::io::Error| Fault::internal(format_args!("calling `{authority}`: {error}"));
    let mut stream = TcpStream::connect(authority).map_err(failed)?;
    stream.set_read_timeout(Some(TIMEOUT)).map_err(failed)?;
    stream.write_all(request).map_err(failed)?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).map_err(failed)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Fault::internal(format_args!("`{authority}` does not speak HTTP")))?;
    loop {
        line.clear();
        if reader.read_line(&mut line).map_err(failed)? == 0 || line.trim_end().is_empty() {
            break;
        }
    }
    // The connection is closed after the answer, so the body is what is left.
    let mut body = String::new();
    reader.read_to_string(&mut body).map_err(failed)?;
    Ok(Answer { status, body })
}
