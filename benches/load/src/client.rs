//! A client that costs as little as it can: requests signed once, sent as bytes, one blocking thread a connection.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderName, HeaderValue};
use roadstead_core::Clock as _;
use roadstead_core::time::SystemClock;
use roadstead_wire::sigv4::Request;
use roadstead_wire::sigv4::sign::{Credentials, Signer};

use crate::Result;
use crate::server::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, Server};

/// One API call, not signed yet.
#[derive(Clone, Debug)]
pub struct Call {
    service: &'static str,
    operation: Option<&'static str>,
    body: String,
}

impl Call {
    /// A call in a query protocol: its form.
    pub fn form(service: &'static str, form: &str) -> Self {
        Self {
            service,
            operation: None,
            body: form.to_owned(),
        }
    }

    /// A call of ECS's kind, in JSON 1.1: its operation and its body.
    pub fn json(service: &'static str, operation: &'static str, body: &str) -> Self {
        Self {
            service,
            operation: Some(operation),
            body: body.to_owned(),
        }
    }

    /// The bytes of the signed request; good for a quarter of an hour.
    fn to_bytes(&self, host: &str, keys: &Keys) -> Result<Vec<u8>> {
        let content_type = match self.operation {
            Some(_) => "application/x-amz-json-1.1",
            None => "application/x-www-form-urlencoded; charset=utf-8",
        };
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(host)?);
        headers.insert("content-type", HeaderValue::from_static(content_type));
        if let Some(operation) = self.operation {
            let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
            headers.insert("x-amz-target", HeaderValue::from_str(&target)?);
        }
        let credentials = Credentials {
            access_key_id: &keys.id,
            secret_access_key: &keys.secret,
            session_token: None,
        };
        let request = Request {
            method: "POST",
            path: "/",
            query: "",
            headers: &headers,
        };
        let signer = Signer::new(credentials, REGION, self.service);
        let added = signer.sign(request, self.body.as_bytes(), SystemClock.now())?;
        let mut bytes = b"POST / HTTP/1.1\r\n".to_vec();
        let mut line = |name: &HeaderName, value: &HeaderValue| {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        };
        for (name, value) in &headers {
            line(name, value);
        }
        for (name, value) in &added {
            line(name, value);
        }
        bytes.extend_from_slice(format!("content-length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(self.body.as_bytes());
        Ok(bytes)
    }
}

/// How long each answered request took, sorted.
pub struct Load(Vec<Duration>);

impl Load {
    /// How many requests were answered.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// The time within which that many percent were answered.
    pub fn percentile(&self, percent: usize) -> Duration {
        let index = (self.0.len() * percent / 100).min(self.0.len().saturating_sub(1));
        self.0.get(index).copied().unwrap_or_default()
    }
}

/// An access key.
#[derive(Clone)]
struct Keys {
    id: String,
    secret: String,
}

/// Calls one server, as its root user or another.
#[derive(Clone)]
pub struct Client {
    address: SocketAddr,
    keys: Keys,
}

impl Client {
    /// A client of that server, as its root user.
    pub fn new(server: &Server) -> Self {
        Self::root_of(server.address)
    }

    fn root_of(address: SocketAddr) -> Self {
        Self {
            address,
            keys: Keys {
                id: ACCESS_KEY_ID.to_owned(),
                secret: SECRET_ACCESS_KEY.to_owned(),
            },
        }
    }

    /// The same client with the access key in an answer of `CreateAccessKey`.
    pub fn with_keys_of(&self, answer: &str) -> Result<Self> {
        let text = |element: &str| {
            let (_, rest) = answer.split_once(&format!("<{element}>"))?;
            Some(rest.split_once('<')?.0.to_owned())
        };
        let (Some(id), Some(secret)) = (text("AccessKeyId"), text("SecretAccessKey")) else {
            return Err(format!("there is no access key in {answer}").into());
        };
        Ok(Self {
            keys: Keys { id, secret },
            ..self.clone()
        })
    }

    /// Makes one call and fails unless it is answered with 200; gives the whole answer.
    pub fn must(&self, call: &Call) -> Result<String> {
        let mut connection = Connection::open(self.address)?;
        let length = connection.exchange(&call.to_bytes(&self.address.to_string(), &self.keys)?)?;
        let answer = connection.buffer.get(..length).unwrap_or_default();
        Ok(String::from_utf8_lossy(answer).into_owned())
    }

    /// Repeats calls over that many connections for that long, each connection one of them.
    pub fn load(&self, calls: &[Call], connections: usize, time: Duration) -> Result<Load> {
        let host = self.address.to_string();
        let requests = calls
            .iter()
            .map(|call| call.to_bytes(&host, &self.keys))
            .collect::<Result<Vec<_>>>()?;
        let over = AtomicBool::new(false);
        let work = |request: &[u8]| {
            let mut connection = Connection::open(self.address).map_err(|error| error.to_string())?;
            let mut times = Vec::with_capacity(1 << 18);
            while !over.load(Ordering::Relaxed) {
                let begin = Instant::now();
                connection.exchange(request).map_err(|error| error.to_string())?;
                times.push(begin.elapsed());
            }
            Ok(times)
        };
        let outcomes: Vec<std::result::Result<Vec<Duration>, String>> = std::thread::scope(|scope| {
            let threads: Vec<_> = requests
                .iter()
                .cycle()
                .take(connections)
                .map(|request| scope.spawn(|| work(request)))
                .collect();
            std::thread::sleep(time);
            over.store(true, Ordering::Relaxed);
            let gone = |_| Err("a thread of the load generator died".to_owned());
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(gone))
                .collect()
        });
        let mut times = Vec::new();
        for outcome in outcomes {
            times.append(&mut outcome?);
        }
        times.sort_unstable();
        Ok(Load(times))
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self {
            stream,
            buffer: vec![0; 1 << 16],
        })
    }

    /// Sends a request and reads its answer to the end, whose length it gives; anything but 200 is an error that
    /// shows the answer.
    fn exchange(&mut self, request: &[u8]) -> Result<usize> {
        self.stream.write_all(request)?;
        let mut filled = 0;
        let mut expected = None;
        loop {
            if filled == self.buffer.len() {
                self.buffer.resize(filled * 2, 0);
            }
            let read = self.stream.read(self.buffer.get_mut(filled..).unwrap_or_default())?;
            if read == 0 {
                return Err("the server closed the connection".into());
            }
            filled += read;
            let answer = self.buffer.get(..filled).unwrap_or_default();
            if expected.is_none() {
                expected = whole_length(answer)?;
            }
            if expected.is_some_and(|expected| filled >= expected) {
                return if answer.starts_with(b"HTTP/1.1 200 ") {
                    Ok(filled)
                } else {
                    Err(String::from_utf8_lossy(answer).into())
                };
            }
        }
    }
}

/// Head and body together, once the head is there.
fn whole_length(answer: &[u8]) -> Result<Option<usize>> {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    Ok(Some(end + 4 + length.ok_or("an answer has no content-length")?))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use http::{HeaderMap, HeaderName, HeaderValue};
    use roadstead_core::Clock as _;
    use roadstead_core::time::SystemClock;
    use roadstead_wire::sigv4::{Request, Signed, SigningKey};

    use super::{Call, Client, Duration, SECRET_ACCESS_KEY, whole_length};

    #[test]
    fn an_answer_is_whole_when_its_body_is_there() {
        assert_eq!(whole_length(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n").unwrap(), None);
        assert_eq!(
            whole_length(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab").unwrap(),
            Some(41)
        );
        assert!(whole_length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    /// Answers every request of every connection, with 200 where its signature holds.
    fn serve(listener: &TcpListener) {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while let Some((headers, body)) = read(&mut reader) {
                    let request = Request {
                        method: "POST",
                        path: "/",
                        query: "",
                        headers: &headers,
                    };
                    let signed = Signed::parse(request).unwrap().unwrap();
                    let key = SigningKey::derive(SECRET_ACCESS_KEY, &signed.scope());
                    let status = match signed.verify(&key, &body, SystemClock.now()) {
                        Ok(()) if body.starts_with(b"Action=") => "200 OK",
                        _ => "403 Forbidden",
                    };
                    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n{{}}").unwrap();
                }
            });
        }
    }

    fn read(reader: &mut impl std::io::BufRead) -> Option<(HeaderMap, Vec<u8>)> {
        let mut headers = HeaderMap::new();
        for line in reader
            .by_ref()
            .lines()
            .map_while(Result::ok)
            .take_while(|line| !line.is_empty())
        {
            if let Some((name, value)) = line.split_once(": ") {
                headers.insert(
                    name.parse::<HeaderName>().unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                );
            }
        }
        let mut body = vec![0; headers.get("content-length")?.to_str().unwrap().parse().unwrap()];
        reader.read_exact(&mut body).unwrap();
        Some((headers, body))
    }

    #[test]
    fn signed_requests_are_repeated_on_every_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::root_of(listener.local_addr().unwrap());
        std::thread::spawn(move || serve(&listener));
        let good = Call::form("sts", "Action=GetCallerIdentity&Version=2011-06-15");
        client.must(&good).unwrap();
        assert!(
            client
                .load(std::slice::from_ref(&good), 2, Duration::from_millis(50))
                .unwrap()
                .count()
                > 2
        );
        let bad = Call::json("ecs", "ListClusters", "{}");
        assert!(client.must(&bad).unwrap_err().to_string().starts_with("HTTP/1.1 403"));
        assert!(client.load(&[bad], 2, Duration::from_millis(50)).is_err());
    }
}
