import 'fastify'
import 'zod'
