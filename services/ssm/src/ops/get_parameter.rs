//! ssm:GetParameter — <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>

use api_ssm::op::GetParameter;
use api_ssm::{GetParameterRequest, GetParameterResult, Parameter};
use roadstead_kernel::prelude::*;

use crate::name::Named;
use crate::{Ssm, public, reveal};

impl Handle<GetParameter> for Ssm {
    async fn needs(&self, cx: &Cx, input: &GetParameterRequest) -> Result<Needs> {
        self.needs_on(cx, &Named::parse(&input.name)).await
    }

    async fn handle(&self, cx: &Cx, input: GetParameterRequest) -> Reply<GetParameter> {
        let named = Named::parse(&input.name);
        let decrypt = input.with_decryption == Some(true);
        let parameter = self.read(cx, &named, decrypt).await?;
        Ok(GetParameterResult {
            parameter: Some(parameter),
        })
    }
}

impl Ssm {
    /// A parameter with its value, in the version that is named.
    ///
    /// Errors: `ParameterNotFound`, `ParameterVersionNotFound`.
    pub(crate) async fn read(&self, cx: &Cx, named: &Named, decrypt: bool) -> Result<Parameter> {
        if let Some(published) = public::get(cx.place(), named.name()) {
            return Ok(published);
        }
        let parameter = self.parameter(cx, named).await?;
        let version = self.selected(cx, &parameter, named.selector.as_ref()).await?;
        let value = reveal(cx, &parameter.name, &version, decrypt)?;
        Ok(Parameter {
            selector: named.selector.as_ref().map(ToString::to_string),
            ..parameter.to_api(cx.place(), &version, value)
        })
    }
}
