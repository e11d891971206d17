function check_prior(name)
%CHECK_PRIOR  Refuse a prior that blind_deconv does not have.
%   CHECK_PRIOR(NAME) raises the error 'matlab_ref:prior' unless NAME is that of
%   one of the priors.
priors = {'gradient', 'intensity', 'dark_channel', 'extreme_channels', 'pmp', 'classifier'};
if ~ischar(name) || ~any(strcmp(name, priors))
    shown = ['of the class ', class(name)];
    if ischar(name), shown = ['''', name, '''']; end
    error('matlab_ref:prior', 'opts.prior should be one of %s, but is %s.', strjoin(priors, ', '), shown);
end
end
