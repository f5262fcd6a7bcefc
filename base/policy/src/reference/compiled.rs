//! The documents of a case, compiled for the engine.

use std::sync::Arc;

use super::{Documents, ResourceRules};
use crate::decide::{Decision, Level, PolicySet, ResourcePolicy, ResourceSide, evaluate};
use crate::document::Document;
use crate::program::{PolicyLabel, PolicyType, Program};
use crate::request::Request;

/// Everything that governs a request, compiled.
#[derive(Debug, Default)]
pub struct Compiled {
    /// The principal's policies.
    pub policies: PolicySet,
    /// Resource control policies by level.
    pub rcps: Vec<Level>,
    /// The policy on the resource.
    pub resource: Option<(Arc<Program>, ResourceRules)>,
    /// The policy of the VPC endpoint.
    pub endpoint: Option<Arc<Program>>,
}

impl Documents {
    /// Compiles all documents, each under the name of its type.
    pub fn compile(&self) -> Compiled {
        let policies = PolicySet {
            identity: level(&self.identity, PolicyType::Identity),
            boundary: self
                .boundary
                .as_ref()
                .map(|document| program(document, PolicyType::Boundary)),
            session: self
                .session
                .as_ref()
                .map(|documents| level(documents, PolicyType::Session)),
            scps: self
                .scps
                .iter()
                .map(|documents| level(documents, PolicyType::Scp))
                .collect(),
        };
        let resource = self.resource.as_ref().map(|(document, rules)| {
            let trust = matches!(rules, ResourceRules::Trust(_));
            (
                program(document, if trust { PolicyType::Trust } else { PolicyType::Resource }),
                *rules,
            )
        });
        Compiled {
            policies,
            rcps: self
                .rcps
                .iter()
                .map(|documents| level(documents, PolicyType::Rcp))
                .collect(),
            resource,
            endpoint: self
                .endpoint
                .as_ref()
                .map(|document| program(document, PolicyType::Endpoint)),
        }
    }
}

impl Compiled {
    /// The resource's side.
    pub fn side(&self) -> ResourceSide<'_> {
        let policy = match &self.resource {
            None => ResourcePolicy::Absent,
            Some((program, ResourceRules::Ordinary)) => ResourcePolicy::Resource(program),
            Some((program, ResourceRules::Key)) => ResourcePolicy::Key(program),
            Some((program, ResourceRules::Trust(service_linked))) => ResourcePolicy::Trust {
                program,
                service_linked: *service_linked,
            },
        };
        ResourceSide {
            policy,
            rcps: &self.rcps,
            endpoint: self.endpoint.as_deref(),
        }
    }

    /// Decides with the compiled engine.
    pub fn decide(&self, request: &Request<'_>) -> Decision<'_> {
        evaluate(&self.policies, &self.side(), request)
    }
}

fn level(documents: &[Document], policy_type: PolicyType) -> Level {
    documents
        .iter()
        .map(|document| program(document, policy_type))
        .collect()
}

fn program(document: &Document, policy_type: PolicyType) -> Arc<Program> {
    Arc::new(Program::compile(
        document,
        PolicyLabel::new(policy_type, format!("{policy_type:?}")),
    ))
}
