//! The policy of a secret: who else may do what with it.

use std::sync::Arc;

use api_secretsmanager::errors;
use roadstead_kernel::{Fault, Result};
use roadstead_policy::{
    Document, Effect, Kind, PolicyLabel, PolicyType, PrincipalElement, PrincipalType, Program, Statement, validate,
};

/// The name of the policy in explanations.
const NAME: &str = "the secret's policy";

/// Reads a policy that a call gave. Errors: `MalformedPolicyDocumentException`.
pub fn accept(text: &str) -> Result<Document> {
    let read = Document::parse(text).and_then(|document| validate(&document, Kind::Resource).map(|()| document));
    read.map_err(|_| {
        errors::MALFORMED_POLICY_DOCUMENT_EXCEPTION
            .with("This resource policy contains a syntax error.")
            .into()
    })
}

/// A stored policy, ready to decide with.
pub fn compile(text: &str) -> Result<Arc<Program>> {
    let document = Document::parse(text).map_err(|_| Fault::internal("a stored policy that cannot be read"))?;
    let label = PolicyLabel::new(PolicyType::Resource, NAME);
    Ok(Arc::new(Program::compile(&document, label)))
}

/// Whether a policy lets everybody do something, whoever they are.
pub fn is_public(document: &Document) -> bool {
    document.statements().iter().any(opens_to_all)
}

fn opens_to_all(statement: &Statement) -> bool {
    let names_all = statement.principal().is_some_and(|principal| {
        principal.not
            || match &principal.value {
                PrincipalElement::Anyone => true,
                PrincipalElement::Named(named) => named
                    .iter()
                    .any(|(kind, list)| *kind == PrincipalType::Aws && list.items.iter().any(|text| text.value == "*")),
            }
    });
    statement.effect() == Effect::Allow && names_all && statement.conditions().is_empty()
}
