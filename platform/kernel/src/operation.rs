//! How a service offers operations: `Handle` for one operation, `operations!` for a service's table of contents.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use roadstead_store::BoxFuture;
use roadstead_wire::{ApiError, Call, Frames, Names, Operation, OperationMeta, Request, Response, ServiceMeta};

use roadstead_wire::to_value;

use crate::{Cx, Fault, Needs, Result};

/// What a handler answers.
pub type Reply<O> = Result<<O as Operation>::Output>;

/// One operation of a service: what it needs to be allowed, and what it does once it is.
pub trait Handle<O: Operation>: Send + Sync + 'static {
    /// The actions, resources and condition keys that must be allowed; reads at most, never writes.
    fn needs(&self, cx: &Cx, input: &O::Input) -> impl Future<Output = Result<Needs>> + Send;

    /// The input as it is recorded: all of it, unless the operation carries what does not belong into a trail.
    fn recorded(input: &O::Input) -> serde_json::Value {
        to_value(input, Names::LowerFirst)
    }

    /// Does it. Called only after everything `needs` named was allowed.
    fn handle(&self, cx: &Cx, input: O::Input) -> impl Future<Output = Reply<O>> + Send;
}

/// One operation whose reply goes on until a side ends it: what it needs to be allowed, and how it begins.
pub trait HandleStream<O: Operation>: Send + Sync + 'static {
    /// The actions, resources and condition keys that must be allowed; reads at most, never writes.
    fn needs(&self, cx: &Cx, input: &O::Input) -> impl Future<Output = Result<Needs>> + Send;

    /// Begins it. Called only after everything `needs` named was allowed; what it answers is dropped when the caller hangs up.
    fn handle(&self, cx: &Cx, input: O::Input) -> impl Future<Output = Result<Frames>> + Send;
}

/// A service and its operations; implemented by [`operations!`](crate::operations).
pub trait Service: Send + Sync + 'static {
    /// The model's facts.
    fn meta(&self) -> &'static ServiceMeta;

    /// The operations that are implemented.
    fn operations(self: Arc<Self>) -> Vec<Box<dyn Serve>>;
}

/// The value of an operation, its type forgotten.
pub type Erased = Box<dyn Any + Send>;

/// An operation with its handler, its types forgotten; what the kernel works with.
pub trait Serve: Send + Sync {
    /// The model's facts.
    fn meta(&self) -> &'static OperationMeta;
    /// Reads and validates the input.
    fn decode(&self, call: &Call, request: &Request) -> Result<Erased, ApiError>;
    /// The input by model names, first letters in lower case, secrets masked, for the audit trail.
    fn parameters(&self, input: &Erased) -> serde_json::Value;
    /// The same of the output.
    fn elements(&self, output: &Erased) -> serde_json::Value;
    /// Asks the handler what it needs.
    fn needs<'a>(&'a self, cx: &'a Cx, input: &'a Erased) -> BoxFuture<'a, Result<Needs>>;
    /// Runs the handler.
    fn handle<'a>(&'a self, cx: &'a Cx, input: Erased) -> BoxFuture<'a, Result<Erased>>;
    /// Writes the reply.
    fn encode(&self, call: &Call, output: Erased, request_id: &str) -> Response;
}

/// Joins a handler and an operation; made by [`operations!`](crate::operations).
pub struct Mounted<S, O>(Arc<S>, PhantomData<fn() -> O>);

impl<S: Handle<O>, O: Operation> Mounted<S, O> {
    /// Mounts the service's handler of the operation.
    pub fn boxed(service: &Arc<S>) -> Box<dyn Serve> {
        Box::new(Self(Arc::clone(service), PhantomData))
    }
}

fn wrong_type() -> Fault {
    Fault::internal("an operation was given the input of another one")
}

impl<S: Handle<O>, O: Operation> Serve for Mounted<S, O> {
    fn meta(&self) -> &'static OperationMeta {
        O::META
    }

    fn decode(&self, call: &Call, request: &Request) -> Result<Erased, ApiError> {
        roadstead_wire::decode::<O::Input>(call, request).map(|input| Box::new(input) as Erased)
    }

    fn parameters(&self, input: &Erased) -> serde_json::Value {
        input
            .downcast_ref::<O::Input>()
            .map_or(serde_json::Value::Null, |input| <S as Handle<O>>::recorded(input))
    }

    fn elements(&self, output: &Erased) -> serde_json::Value {
        output
            .downcast_ref::<O::Output>()
            .map_or(serde_json::Value::Null, |output| to_value(output, Names::LowerFirst))
    }

    fn needs<'a>(&'a self, cx: &'a Cx, input: &'a Erased) -> BoxFuture<'a, Result<Needs>> {
        match input.downcast_ref::<O::Input>() {
            Some(input) => Box::pin(Handle::<O>::needs(&*self.0, cx, input)),
            None => Box::pin(std::future::ready(Err(wrong_type()))),
        }
    }

    fn handle<'a>(&'a self, cx: &'a Cx, input: Erased) -> BoxFuture<'a, Result<Erased>> {
        Box::pin(async move {
            let input = input.downcast::<O::Input>().map_err(|_| wrong_type())?;
            let output = Handle::<O>::handle(&*self.0, cx, *input).await?;
            Ok(Box::new(output) as Erased)
        })
    }

    fn encode(&self, call: &Call, output: Erased, request_id: &str) -> Response {
        match output.downcast_ref::<O::Output>() {
            Some(output) => roadstead_wire::encode(call, output, request_id),
            None => broken(call, request_id),
        }
    }
}

fn broken(call: &Call, request_id: &str) -> Response {
    let error = crate::kernel::internal_failure();
    roadstead_wire::encode_error(call.operation.service, call.protocol, &error, request_id)
}

/// Joins a handler and an operation whose reply goes on; made by [`operations!`](crate::operations).
pub struct Streamed<S, O>(Arc<S>, PhantomData<fn() -> O>);

impl<S: HandleStream<O>, O: Operation> Streamed<S, O> {
    /// Mounts the service's handler of the operation.
    pub fn boxed(service: &Arc<S>) -> Box<dyn Serve> {
        Box::new(Self(Arc::clone(service), PhantomData))
    }
}

impl<S: HandleStream<O>, O: Operation> Serve for Streamed<S, O> {
    fn meta(&self) -> &'static OperationMeta {
        O::META
    }

    fn decode(&self, call: &Call, request: &Request) -> Result<Erased, ApiError> {
        roadstead_wire::decode::<O::Input>(call, request).map(|input| Box::new(input) as Erased)
    }

    fn parameters(&self, input: &Erased) -> serde_json::Value {
        let input = input.downcast_ref::<O::Input>();
        input.map_or(serde_json::Value::Null, |input| to_value(input, Names::LowerFirst))
    }

    /// What goes on is recorded nowhere.
    fn elements(&self, _: &Erased) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn needs<'a>(&'a self, cx: &'a Cx, input: &'a Erased) -> BoxFuture<'a, Result<Needs>> {
        match input.downcast_ref::<O::Input>() {
            Some(input) => Box::pin(HandleStream::<O>::needs(&*self.0, cx, input)),
            None => Box::pin(std::future::ready(Err(wrong_type()))),
        }
    }

    fn handle<'a>(&'a self, cx: &'a Cx, input: Erased) -> BoxFuture<'a, Result<Erased>> {
        Box::pin(async move {
            let input = input.downcast::<O::Input>().map_err(|_| wrong_type())?;
            let frames = HandleStream::<O>::handle(&*self.0, cx, *input).await?;
            Ok(Box::new(frames) as Erased)
        })
    }

    fn encode(&self, call: &Call, output: Erased, request_id: &str) -> Response {
        match output.downcast::<Frames>() {
            Ok(frames) => roadstead_wire::encode_frames(call, *frames, request_id),
            Err(_) => broken(call, request_id),
        }
    }
}

/// A service's table of contents: declares `ops/<file>.rs` and mounts the operation in it, one line each.
///
/// ```ignore
/// operations! {
///     Ecs: api_ecs,
///     create_cluster::CreateCluster,
///     delete_cluster::DeleteCluster,
/// }
/// ```
///
/// Operations whose replies go on stand behind a semicolon.
#[macro_export]
macro_rules! operations {
    (
        $service:ty: $api:ident, $($file:ident :: $operation:ident),+ $(,)?
        $(; $($streamed:ident :: $stream:ident),+ $(,)?)?
    ) => {
        mod ops {
            $(mod $file;)+
            $($(mod $streamed;)+)?
        }

        impl $crate::Service for $service {
            fn meta(&self) -> &'static $crate::ServiceMeta {
                &$api::SERVICE
            }

            fn operations(self: ::std::sync::Arc<Self>) -> ::std::vec::Vec<::std::boxed::Box<dyn $crate::Serve>> {
                ::std::vec![
                    $($crate::Mounted::<$service, $api::op::$operation>::boxed(&self),)+
                    $($($crate::Streamed::<$service, $api::op::$stream>::boxed(&self),)+)?
                ]
            }
        }
    };
}
