/**
 * Headers of every answer, for browsers: the little that a page of these services may do.
 *
 * Scripts, styles and images come from files of the service itself, never from within a page; no page
 * of others may frame it or read from it; text cannot become markup (trusted types, of which none is made).
 */
import type { FastifyHelmetOptions } from '@fastify/helmet';

const [NONE, SELF] = [["'none'"], ["'self'"]];

export const HEADERS: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      'default-src': NONE,
      'script-src': SELF,
      'style-src': SELF,
      'connect-src': SELF,
      'img-src': SELF,
      'base-uri': NONE,
      'form-action': NONE,
      'frame-ancestors': NONE,
      'require-trusted-types-for': ["'script'"],
      'trusted-types': NONE,
    },
  },
  xFrameOptions: { action: 'deny' },
  strictTransportSecurity: false, // said by what speaks TLS; the services do not
};
