//! ecs:ListServicesByNamespace — <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServicesByNamespace.html>

use api_ecs::op::ListServicesByNamespace;
use api_ecs::{ListServicesByNamespaceRequest, errors};
use roadstead_kernel::prelude::*;

use crate::Ecs;
use crate::error::invalid;
use crate::run::{after, limit};

/// The page of a caller who asks for none in particular, and the largest one.
// AWS: documented.
const PAGES: (usize, i32) = (10, 100);

impl Handle<ListServicesByNamespace> for Ecs {
    async fn needs(&self, _cx: &Cx, input: &ListServicesByNamespaceRequest) -> Result<Needs> {
        Ok(Needs::any().key("ecs:namespace", input.namespace.clone()))
    }

    async fn handle(&self, _cx: &Cx, input: ListServicesByNamespaceRequest) -> Reply<ListServicesByNamespace> {
        limit(input.max_results, PAGES)?;
        if input.namespace.is_empty() {
            return Err(invalid("Namespace can not be blank."));
        }
        let filters = format!("ListServicesByNamespace {}", input.namespace);
        after(&filters, input.next_token.as_deref())?;
        // Namespaces are Cloud Map's, which is not there: none exists, and no service can name one.
        Err(errors::NAMESPACE_NOT_FOUND_EXCEPTION
            .with("The specified namespace wasn't found.")
            .into())
    }
}
