/**
 * Headers of every answer, for browsers: they allow a page of these services as little as it needs.
 *
 * Scripts, styles and images come from files of the service itself, never from within a page. No page of another site
 * may frame it or read from it. Text cannot become markup: trusted types are enforced, and none is made.
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
  strictTransportSecurity: false, // a proxy that speaks TLS says this; the services do not
};
