//! The IAM policy language as a pure library: parse, validate, compile, evaluate, explain.
//!
//! No I/O, no clock, no locks: everything a decision needs is handed in. A policy goes through four hands:
//!
//! | step | when | what |
//! |---|---|---|
//! | [`Document::parse`] | a policy is written | the syntax tree, with the place of everything |
//! | [`validate`] | a policy is written | AWS's `MalformedPolicyDocument` messages; sizes are in [`limits`] |
//! | [`Program::compile`] | a policy is written | immutable tables, shared as `Arc<Program>` |
//! | [`evaluate`] | every call | a [`Decision`], without locks or allocations |
//!
//! A [`PolicySet`] holds the programs that govern one principal, a [`ResourceSide`] those on the side of the resource
//! (resource, key or trust policy, RCPs, endpoint policy). A [`Request`] is one action on one resource by one
//! [`Principal`], with a [`Context`] that is asked for condition keys one at a time. [`Decision::message`] words the
//! refusal as AWS does, [`explain`] tells which test of which statement failed, [`authorization_message`] gives EC2's
//! decoded message, [`context_keys`] lists what documents ask for. [`ActionId`], [`KeyId`], [`ResourceType`] and
//! [`Operation`] are the service authorization reference.
//!
//! The feature `reference` adds a second, slow and obvious evaluator, a generator of cases and the bodies of the fuzz
//! targets; nothing but tests and benchmarks needs it. What AWS's documentation leaves open is answered in one place,
//! `undetermined.rs`, for both evaluators.
//!
//! ```
//! use std::sync::Arc;
//! use roadstead_policy::*;
//!
//! let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ecs:*", "Resource": "*",
//!     "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}}}"#;
//! let label = PolicyLabel::new(PolicyType::Identity, "ecs-at-home");
//! let program = Arc::new(Program::compile(&Document::parse(text)?, label));
//! let policies = PolicySet { identity: vec![program], ..PolicySet::default() };
//! let alice = Principal::user("arn:aws:iam::111122223333:user/alice");
//! let context = MapContext::new().with("aws:RequestedRegion", "us-east-1");
//! let request = Request::new(&alice, Action::named("ecs:RunTask"), Resource::ANY, &context);
//! let decision = evaluate(&policies, &ResourceSide::default(), &request);
//! assert_eq!(decision.message(&request).unwrap(), "User: arn:aws:iam::111122223333:user/alice is not authorized to \
//!     perform: ecs:RunTask on resource: * because no identity-based policy allows the ecs:RunTask action");
//! # Ok::<(), Malformed>(())
//! ```

mod action;
mod authorization_message;
mod compile;
mod context;
mod date;
mod decide;
mod document;
mod explain;
#[rustfmt::skip]
mod generated;
mod glob;
mod json;
mod key;
mod keys_used;
pub mod limits;
mod matching;
mod message;
mod operator;
mod principal;
mod print;
mod program;
#[cfg(feature = "reference")]
pub mod reference;
mod request;
mod resource;
mod scalar;
mod service_reference;
mod table;
mod undetermined;
mod validate;
mod variable;

pub use action::{Action, ActionId};
pub use authorization_message::authorization_message;
pub use context::{Context, MapContext, Strings, Value};
pub use decide::{Decision, Level, Outcome, PolicySet, ResourcePolicy, ResourceSide, StatementRef, evaluate};
pub use document::{
    Document, Effect, List, Malformed, Negatable, OperatorBlock, PrincipalElement, PrincipalType, Scalar, ScalarForm,
    Statement, Text, Version,
};
pub use explain::{Explanation, PolicyExplanation, StatementExplanation, Subject, Test, explain};
pub use json::Span;
pub use key::{Key, KeyId, KeyType};
pub use keys_used::context_keys;
pub use principal::{Principal, PrincipalKind};
pub use program::{PolicyLabel, PolicyType, Program};
pub use request::Request;
pub use resource::Resource;
pub use service_reference::{
    AccessLevel, Operation, ResourceType, ResourceUse, actions_of, known_services, service_name,
};
pub use validate::{Kind, validate};
