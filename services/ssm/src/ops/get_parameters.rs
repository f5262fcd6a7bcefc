//! ssm:GetParameters — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html>

use api_ssm::op::GetParameters;
use api_ssm::{GetParametersRequest, GetParametersResult};
use roadstead_kernel::prelude::*;

use crate::Ssm;
use crate::error::invalid;
use crate::name::Named;

impl Handle<GetParameters> for Ssm {
    async fn needs(&self, cx: &Cx, input: &GetParametersRequest) -> Result<Needs> {
        self.needs_on_each(cx, &input.names).await
    }

    async fn handle(&self, cx: &Cx, input: GetParametersRequest) -> Reply<GetParameters> {
        let decrypt = input.with_decryption == Some(true);
        let (mut parameters, mut missing) = (Vec::new(), Vec::new());
        let mut seen = std::collections::HashSet::new();
        for name in input.names {
            if !seen.insert(name.clone()) {
                return Err(invalid(format!(
                    "There are duplicated parameter names in the request: {name}."
                )));
            }
            match self.read(cx, &Named::parse(&name), decrypt).await {
                Ok(parameter) => parameters.push(parameter),
                // AWS: a version or label that is not there is told like a name that is not.
                Err(Fault::Api(_)) => missing.push(name),
                Err(fault) => return Err(fault),
            }
        }
        Ok(GetParametersResult {
            parameters: Some(parameters),
            invalid_parameters: Some(missing),
        })
    }
}
