//! Acting as a role: a service assumes it through STS like anybody, and every call passes the kernel like any other.

use std::sync::Arc;
use std::time::Duration;

use api_sts::op::AssumeRole;
use api_sts::{AssumeRoleRequest, Credentials};
use roadstead_core::arn::Place;
use roadstead_wire::Operation;

use crate::caller::{Aside, Caller, Origin, Principal};
use crate::kernel::{Call, Kernel};
use crate::{Fault, Result};

/// A session of a role that a service has assumed; the only way for a service to act that is not the caller's own.
#[derive(Clone)]
pub struct Behalf {
    session: Arc<Session>,
    place: Place,
    service: &'static str,
    aside: Option<Aside>,
}

/// What is the same for all clones of a session; with the last one the kernel keeps it open no longer.
struct Session {
    kernel: Arc<Kernel>,
    access_key_id: String,
    token: String,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.kernel.session_cache.forget(&self.access_key_id);
    }
}

/// Sessions on behalf last the hour that service-linked roles allow at most.
const SESSION: Duration = Duration::from_secs(3600);

impl Behalf {
    /// Assumes the role as the service (`ecs.amazonaws.com`), if the role's trust policy lets it.
    ///
    /// Errors: what `sts:AssumeRole` answers, `AccessDenied` where the role is missing or does not trust the service.
    pub async fn assume(
        kernel: &Arc<Kernel>,
        service: &'static str,
        place: Place,
        role_arn: &str,
        session_name: &str,
    ) -> Result<Self> {
        Self::assume_for(kernel, service, place, role_arn, session_name, None).await
    }

    /// As [`Behalf::assume`], for a resource that trust policies may name as `aws:SourceArn`.
    pub async fn assume_about(
        kernel: &Arc<Kernel>,
        service: &'static str,
        place: Place,
        role_arn: &str,
        session_name: &str,
        about: String,
    ) -> Result<Self> {
        Self::assume_for(kernel, service, place, role_arn, session_name, Some(about)).await
    }

    async fn assume_for(
        kernel: &Arc<Kernel>,
        service: &'static str,
        place: Place,
        role_arn: &str,
        session_name: &str,
        about: Option<String>,
    ) -> Result<Self> {
        let credentials = session_credentials(kernel, service, place, role_arn, session_name, about, SESSION).await?;
        Ok(Self {
            session: Arc::new(Session {
                kernel: Arc::clone(kernel),
                access_key_id: credentials.access_key_id,
                token: credentials.session_token,
            }),
            place,
            service,
            aside: None,
        })
    }

    /// Calls an operation in the account and region of the session, as the role.
    pub async fn call<O: Operation>(&self, input: O::Input) -> Result<O::Output> {
        self.call_as::<O>(self.request_id(), input).await
    }

    /// The same session, that says something beside the input of its calls.
    #[must_use]
    pub fn saying(&self, aside: Option<Aside>) -> Self {
        Self { aside, ..self.clone() }
    }

    /// A new id for a call.
    pub fn request_id(&self) -> String {
        self.session.kernel.ids().uuid()
    }

    /// As [`Behalf::call`], with an id that the caller knows, for messages that name it.
    pub async fn call_as<O: Operation>(&self, request_id: String, input: O::Input) -> Result<O::Output> {
        // The session is looked up anew each time: a role that was deleted or changed meanwhile counts as it is now.
        let Session {
            kernel,
            access_key_id,
            token,
        } = &*self.session;
        let caller = kernel.session_caller(access_key_id, token).await?;
        let call = Call {
            caller,
            place: self.place,
            origin: Origin {
                aside: self.aside,
                ..Origin::within(self.service, None)
            },
            request_id: Some(request_id),
        };
        kernel.call_typed::<O>(call, input).await
    }

    /// The account and region that the session acts in.
    pub fn place(&self) -> Place {
        self.place
    }
}

/// The credentials of a new session of a role, for who runs on behalf of a customer outside this program: the containers
/// of a task.
///
/// Errors: what `sts:AssumeRole` answers, `AccessDenied` where the role is missing or does not trust the service.
pub async fn session_credentials(
    kernel: &Arc<Kernel>,
    service: &'static str,
    place: Place,
    role_arn: &str,
    session_name: &str,
    about: Option<String>,
    lasts: Duration,
) -> Result<Credentials> {
    let caller = Caller {
        principal: Principal::Service {
            name: service,
            account: place.account,
        },
        access_key_id: String::new(),
        via: Vec::new(),
    };
    let input = AssumeRoleRequest {
        role_arn: role_arn.to_owned(),
        role_session_name: session_name.to_owned(),
        duration_seconds: i32::try_from(lasts.as_secs()).ok(),
        ..AssumeRoleRequest::default()
    };
    let call = Call {
        caller,
        place,
        origin: Origin::within(service, about),
        request_id: None,
    };
    let answer = kernel.call_typed::<AssumeRole>(call, input).await?;
    answer
        .credentials
        .ok_or_else(|| Fault::internal("a session without credentials"))
}
