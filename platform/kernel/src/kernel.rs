//! The kernel: every call, from outside or within, is decided, carried out and recorded here and nowhere else.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use roadstead_core::arn::Place;
use roadstead_core::{Clock, Ids, Timestamp};
use roadstead_store::Store;
use roadstead_wire::sigv4::SigningKeyCache;
use roadstead_wire::{ApiError, Operation, OperationMeta, ServiceMeta};

use crate::accessed::Accessed;
use crate::audit::{AuditLog, Decided, Failure, IdentityRecord, Record};
use crate::caller::{Caller, Origin};
use crate::credentials::SessionCache;
use crate::directory::Directory;
use crate::metrics::OperationStats;
use crate::operation::{Erased, Serve, Service};
use crate::seal::Root;
use crate::session::{MASTER_KEY_LEN, Sessions};
use crate::{Cx, Fault, Result};

/// The one path of a call: needs → authorize → handle → audit.
pub struct Kernel {
    pub(crate) services: Vec<&'static ServiceMeta>,
    operations: HashMap<(&'static str, &'static str), Entry>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) sessions: Sessions,
    pub(crate) seals: Root,
    pub(crate) session_cache: SessionCache,
    pub(crate) signing_keys: SigningKeyCache,
    pub(crate) audit: AuditLog,
    pub(crate) accessed: Accessed,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Ids,
}

/// An operation that is implemented.
pub(crate) struct Entry {
    pub(crate) serve: Box<dyn Serve>,
    /// `service:Operation`, as policies name it.
    pub(crate) action: Cow<'static, str>,
    read_only: bool,
    stats: OperationStats,
}

/// What the kernel is made of; the binary and tests fill it in.
pub struct Parts {
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// Who the principals are.
    pub directory: Arc<dyn Directory>,
    /// The installation's secret.
    pub master_key: [u8; MASTER_KEY_LEN],
    /// Where calls are recorded.
    pub audit: AuditLog,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where identifiers come from.
    pub ids: Ids,
}

/// A call before its input: who, where, from where.
pub struct Call {
    pub(crate) caller: Caller,
    pub(crate) place: Place,
    pub(crate) origin: Origin,
    /// The id the caller was given; drawn for calls from within.
    pub(crate) request_id: Option<String>,
}

impl Kernel {
    /// Joins services and parts. A service that is mounted twice keeps its first operations.
    pub fn new(parts: Parts, services: Vec<Arc<dyn Service>>) -> Result<Arc<Self>> {
        let mut operations = HashMap::new();
        let mut metas = Vec::new();
        for service in services {
            metas.push(service.meta());
            for serve in service.operations() {
                let meta = serve.meta();
                let entry = Entry {
                    action: Cow::Owned(format!("{}:{}", action_prefix(meta.service), meta.name)),
                    read_only: is_read_only(meta.name),
                    stats: OperationStats::default(),
                    serve,
                };
                operations.entry((meta.service.name, meta.name)).or_insert(entry);
            }
        }
        Ok(Arc::new(Self {
            services: metas,
            operations,
            sessions: Sessions::new(&parts.master_key, parts.ids.clone())?,
            seals: Root::new(&parts.master_key),
            session_cache: SessionCache::default(),
            signing_keys: SigningKeyCache::new(roadstead_wire::sigv4::MAX_CACHED_KEYS),
            directory: parts.directory,
            audit: parts.audit,
            accessed: Accessed::new(parts.store),
            clock: parts.clock,
            ids: parts.ids,
        }))
    }

    /// The audit trail.
    pub fn audit(&self) -> &AuditLog {
        &self.audit
    }

    /// The record of attempts.
    pub fn accessed(&self) -> &Accessed {
        &self.accessed
    }

    /// What time it is.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Draws identifiers.
    pub fn ids(&self) -> &Ids {
        &self.ids
    }

    /// The mounted services.
    pub fn services(&self) -> &[&'static ServiceMeta] {
        &self.services
    }

    /// Whether an operation is implemented.
    pub fn implements(&self, meta: &OperationMeta) -> bool {
        self.entry(meta).is_some()
    }

    /// Everything about calls in Prometheus' text form.
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        let mut called: Vec<_> = self
            .operations
            .iter()
            .map(|((s, o), entry)| (*s, *o, &entry.stats))
            .collect();
        called.sort_unstable_by_key(|(service, operation, _)| (*service, *operation));
        crate::metrics::write_operations(&mut text, called.into_iter());
        text.push_str("# HELP roadstead_audit_dropped_total Audit records lost because the disk could not keep up.\n");
        text.push_str("# TYPE roadstead_audit_dropped_total counter\n");
        text.push_str(&format_args!("roadstead_audit_dropped_total {}\n", self.audit.dropped()).to_string());
        text
    }

    pub(crate) fn entry(&self, meta: &OperationMeta) -> Option<&Entry> {
        self.operations.get(&(meta.service.name, meta.name))
    }

    /// Runs an operation from within, types known.
    pub(crate) async fn call_typed<O: Operation>(self: &Arc<Self>, call: Call, input: O::Input) -> Result<O::Output> {
        let entry = self.entry(O::META).ok_or_else(|| ApiError::not_implemented(O::META))?;
        let output = self.run(entry, call, Box::new(input)).await?;
        let output = output
            .downcast::<O::Output>()
            .map_err(|_| Fault::internal("an output of another operation"))?;
        Ok(*output)
    }

    /// The one path. Not generic, so that it is compiled once and read once.
    pub(crate) async fn run(self: &Arc<Self>, entry: &Entry, call: Call, input: Erased) -> Result<Erased> {
        let started = std::time::Instant::now();
        let meta = entry.serve.meta();
        let cx = self.context(meta, call);
        let mut trail = Trail::default();
        let outcome = self.decide_and_handle(entry, &cx, input, &mut trail).await;
        if let Err(Fault::Internal(_)) = &outcome {
            let fault = outcome.as_ref().err();
            tracing::error!(
                request_id = cx.request_id,
                service = meta.service.name,
                operation = meta.name,
                fault = fault.map(ToString::to_string),
                "the call failed inside"
            );
        }
        let status = match &outcome {
            Ok(_) => 200,
            Err(fault) => public(fault).status,
        };
        let took = started.elapsed();
        entry.stats.count(status, trail.denied, took);
        tracing::debug!(
            request_id = cx.request_id,
            service = meta.service.name,
            operation = meta.name,
            region = cx.place.region.as_str(),
            caller = cx.caller.arn(),
            status,
            micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "called"
        );
        self.record(entry, &cx, trail, &outcome);
        outcome
    }

    fn context(self: &Arc<Self>, meta: &'static OperationMeta, call: Call) -> Cx {
        Cx {
            kernel: Arc::clone(self),
            caller: call.caller,
            place: place_of(meta, call.place),
            origin: call.origin,
            request_id: call.request_id.unwrap_or_else(|| self.ids.uuid()),
            now: self.clock.now(),
            meta,
        }
    }

    async fn decide_and_handle(&self, entry: &Entry, cx: &Cx, input: Erased, trail: &mut Trail) -> Result<Erased> {
        let needs = entry.serve.needs(cx, &input).await?;
        let decided = self.decide(cx, &needs);
        trail.decisions = decided.decisions;
        if let Some(denied) = decided.denied {
            trail.denied = true;
            return Err(denied.into());
        }
        trail.parameters = Some(entry.serve.parameters(&input));
        let output = entry.serve.handle(cx, input).await?;
        if !entry.read_only {
            trail.response = Some(entry.serve.elements(&output));
        }
        Ok(output)
    }

    fn record(&self, entry: &Entry, cx: &Cx, trail: Trail, outcome: &Result<Erased>) {
        let meta = entry.serve.meta();
        if trail.decisions.is_empty() {
            self.accessed.note(
                &cx.caller,
                entry.action.clone(),
                meta.service.signing_name,
                cx.place.region,
                cx.now,
            );
        }
        for decision in &trail.decisions {
            let action = if decision.action == entry.action {
                entry.action.clone()
            } else {
                Cow::Owned(decision.action.clone())
            };
            self.accessed
                .note(&cx.caller, action, meta.service.signing_name, cx.place.region, cx.now);
        }
        let error = outcome.as_ref().err().map(|fault| failure(meta, &public(fault)));
        self.audit
            .append(self.record_of(meta, &cx.caller, &cx.origin, cx, trail, error));
    }

    fn record_of(
        &self,
        meta: &'static OperationMeta,
        caller: &Caller,
        origin: &Origin,
        cx: &Cx,
        trail: Trail,
        error: Option<Failure>,
    ) -> Record {
        let mut identity = IdentityRecord::of(caller);
        if !caller.via.is_empty() {
            // AWS: a forwarded call is recorded under a key of its own, not under the caller's.
            identity.access_key_id = self.ids.access_key("ASIA");
        }
        Record {
            time: cx.now,
            event_id: self.ids.uuid(),
            request_id: cx.request_id.clone(),
            service: Cow::Borrowed(event_source(meta.service)),
            operation: Cow::Borrowed(meta.name),
            region: cx.place.region,
            account: cx.place.account,
            identity,
            source: origin.source.clone(),
            user_agent: origin.user_agent.clone(),
            tls: origin.secure,
            read_only: is_read_only(meta.name),
            parameters: trail.parameters,
            response: if error.is_some() { None } else { trail.response },
            error,
            decisions: trail.decisions,
        }
    }

    /// Records a call of a known principal that never reached its handler.
    pub(crate) fn record_refusal(self: &Arc<Self>, meta: &'static OperationMeta, call: Call, error: &ApiError) {
        let cx = self.context(meta, call);
        let record = self.record_of(
            meta,
            &cx.caller,
            &cx.origin,
            &cx,
            Trail::default(),
            Some(failure(meta, error)),
        );
        self.audit.append(record);
    }
}

/// Where a call takes place: a global service is in its partition's own region, whatever the request was signed for.
fn place_of(meta: &OperationMeta, asked: Place) -> Place {
    let region = if meta.service.global {
        asked.partition().global_region()
    } else {
        asked.region
    };
    Place { region, ..asked }
}

/// What is gathered about a call on its way.
#[derive(Default)]
struct Trail {
    decisions: Vec<Decided>,
    denied: bool,
    parameters: Option<serde_json::Value>,
    response: Option<serde_json::Value>,
}

/// What was decided about a call's needs.
pub(crate) struct Decisions {
    pub(crate) decisions: Vec<Decided>,
    pub(crate) denied: Option<ApiError>,
}

/// The error a caller gets for a fault: an internal one shows nothing of its cause.
pub(crate) fn public(fault: &Fault) -> Cow<'_, ApiError> {
    match fault {
        Fault::Api(error) => Cow::Borrowed(error),
        Fault::Internal(_) => Cow::Owned(internal_failure()),
    }
}

pub(crate) fn internal_failure() -> ApiError {
    ApiError::new(
        "InternalFailure",
        500,
        "The request processing has failed because of an unknown error, exception or failure.",
    )
}

fn failure(meta: &OperationMeta, error: &ApiError) -> Failure {
    // AWS: EC2's codes carry this prefix in the trail alone.
    let prefix = if meta.service.name == "ec2" { "Client." } else { "" };
    Failure {
        code: format!("{prefix}{}", error.name()),
        message: error.message.clone(),
    }
}

/// The prefix that a service's actions have in policies.
pub(crate) fn action_prefix(service: &ServiceMeta) -> &'static str {
    match service.name {
        "cloudwatch" => "cloudwatch",
        _ => service.signing_name,
    }
}

/// The service as event sources name it, without the domain.
fn event_source(service: &ServiceMeta) -> &'static str {
    service.signing_name
}

/// Whether an operation only reads, by the verb of its name.
fn is_read_only(operation: &str) -> bool {
    const VERBS: [&str; 13] = [
        "Get", "List", "Describe", "Lookup", "Discover", "Simulate", "Search", "Filter", "BatchGet", "Test", "Query",
        "Head", "Validate",
    ];
    VERBS.iter().any(|verb| operation.starts_with(verb))
}

impl Kernel {
    /// The instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
