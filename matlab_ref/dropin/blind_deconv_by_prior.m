function varargout = blind_deconv_by_prior(prior, name, inputs)
%BLIND_DECONV_BY_PRIOR  Call blind_deconv or blind_deconv_main with a prior.
%   [...] = BLIND_DECONV_BY_PRIOR(PRIOR, NAME, INPUTS): NAME of the function,
%   INPUTS a cell array of its arguments, the last of which is OPTS.  Where
%   OPTS names no prior, it is PRIOR.  The folders of the priors are made of it.
if ~isfield(inputs{end}, 'prior'), inputs{end}.prior = prior; end
[varargout{1:max(nargout, 1)}] = engine_call(name, inputs);
end
