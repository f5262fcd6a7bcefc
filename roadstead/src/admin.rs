//! Our own paths beside the AWS APIs: health, metrics, the list of operations.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use roadstead_kernel::Question;
use roadstead_wire::{Request, Response};
use serde_json::json;

use crate::Installation;

/// Answers a request below `/_roadstead/`. All of them only read and none tells a secret.
pub async fn answer(installation: &Arc<Installation>, request: &Request, _peer: IpAddr) -> Response {
    if request.method == http::Method::POST && request.uri.path() == "/_roadstead/explain" {
        return explain(installation, request).await;
    }
    if request.method != http::Method::GET {
        return text(
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain",
            "Only GET is served here.\n".to_owned(),
        );
    }
    match request.uri.path() {
        "/_roadstead/health" => {
            let body = json!({ "status": "ok", "version": crate::VERSION });
            text(StatusCode::OK, "application/json", body.to_string())
        }
        "/_roadstead/metrics" => text(StatusCode::OK, "text/plain; version=0.0.4", metrics(installation).await),
        "/_roadstead/operations" => text(StatusCode::OK, "application/json", operations(installation)),
        _ => text(
            StatusCode::NOT_FOUND,
            "text/plain",
            "There is nothing here.\n".to_owned(),
        ),
    }
}

/// Answers a question about permissions to the root user alone: policies are nobody else's business.
async fn explain(installation: &Arc<Installation>, request: &Request) -> Response {
    if !installation.kernel.is_signed_by_root(request).await {
        return text(
            StatusCode::FORBIDDEN,
            "text/plain",
            "Only the root user may ask this.\n".to_owned(),
        );
    }
    let question = match serde_json::from_slice::<Question>(&request.body) {
        Ok(question) => question,
        Err(error) => {
            return text(
                StatusCode::BAD_REQUEST,
                "text/plain",
                format!("not a question: {error}\n"),
            );
        }
    };
    match installation.kernel.explain(&question).await {
        Ok(explained) => match serde_json::to_string(&explained) {
            Ok(body) => text(StatusCode::OK, "application/json", body),
            Err(_) => text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "text/plain",
                "the answer could not be written\n".to_owned(),
            ),
        },
        Err(fault) => text(StatusCode::NOT_FOUND, "text/plain", format!("{fault}\n")),
    }
}

/// The modelled operations as JSON, each with whether it is implemented.
pub fn operations(installation: &Installation) -> String {
    let all: Vec<_> = installation
        .kernel
        .operations()
        .map(|(meta, mounted)| {
            json!({
                "service": meta.service.name,
                "signing_name": meta.service.signing_name,
                "operation": meta.name,
                "protocol": format!("{:?}", meta.service.preferred()),
                "target_prefix": meta.service.target_prefix,
                "version": meta.service.api_version,
                "unsigned": meta.unsigned,
                "mounted": mounted,
            })
        })
        .collect();
    serde_json::Value::Array(all).to_string()
}

async fn metrics(installation: &Installation) -> String {
    let mut page = installation.kernel.metrics();
    let (runs, failures) = installation.tasks.counts();
    let (delivered, given_up) = installation.events.deliveries.reconciler().counts();
    let revision = installation.store().revision().await.unwrap_or_default();
    for (name, kind, help, value) in [
        ("roadstead_reconciles_total", "counter", "Reconciles of tasks.", runs),
        (
            "roadstead_reconcile_failures_total",
            "counter",
            "Reconciles of tasks that failed.",
            failures,
        ),
        (
            "roadstead_event_deliveries_total",
            "counter",
            "Events that were brought to targets.",
            delivered,
        ),
        (
            "roadstead_event_deliveries_failed_total",
            "counter",
            "Events that could not be brought to targets and were given up.",
            given_up,
        ),
        (
            "roadstead_store_commits_total",
            "counter",
            "Transactions that changed something, since the first start.",
            revision,
        ),
    ] {
        page.push_str(&format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n").to_string());
    }
    page
}

fn text(status: StatusCode, media_type: &'static str, body: String) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    Response {
        status,
        headers,
        body: Bytes::from(body),
        frames: None,
    }
}
